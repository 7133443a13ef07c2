using Rlhf.Learner.Data;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class ExampleEncoderTests : IDisposable
{
    private const string Template =
        "{% for m in messages %}{{ m.role + ': ' + m.content + '<unk>' }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

    private readonly string _folder = Directory.CreateTempSubdirectory("example-encoder-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_conversations_answer_ends_with_the_templates_token_where_there_is_a_template(bool hasTemplate)
    {
        var tokenizer = Tokenizer(hasTemplate);
        var example = new ExampleEncoder(tokenizer, 512).Example(
            new Prompt { Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = "Hello" } } } }, " a cat ");
        Assert.Equal(hasTemplate ? 0 : 2, example.TokenIds[^1]); // <unk> ends the template's turns, </s> ends a text
        Assert.Equal(tokenizer.Conversations.Response("a cat"), example.TokenIds[example.PromptLength..^1]);
        Assert.Contains(example.TokenIds[^1], tokenizer.EndIds); // where the generators stop too
    }

    [Fact]
    public void A_texts_continuation_ends_with_the_end_of_sequence()
    {
        var example = new ExampleEncoder(Tokenizer(hasTemplate: true), 512).Example(new Prompt { Text = "Once" }, "upon a time");
        Assert.Equal(2, example.TokenIds[^1]);
    }

    private TextTokenizer Tokenizer(bool hasTemplate)
    {
        foreach (var name in (string[])["tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(Testing.Fixtures.Path("models/stories260K/hf"), name), Path.Combine(_folder, name));
        }

        if (hasTemplate)
        {
            File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), Template);
        }

        return TextTokenizer.Load(_folder);
    }
}
