using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.DataFiles.Tests;

public sealed class OtherRowsTests
{
    private const string Question = """{"role": "user", "content": "q"}""";
    private const string Answer = """{"role": "assistant", "content": "a"}""";
    private static readonly Prompt s_text = new() { Text = "q" };
    private static readonly Prompt s_chat = new() { Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = "q" } } } };

    [Theory]
    [InlineData("""{"prompt": "q", "response": "a"}""", false)]
    [InlineData("""{"prompt": "q", "completion": "a"}""", false)]
    [InlineData("""{"prompt": "q", "chosen": "a", "rejected": "b"}""", false)]
    [InlineData($$"""{"prompt": [{{Question}}], "completion": [{{Answer}}]}""", true)]
    [InlineData($$"""{"messages": [{{Question}}, {{Answer}}]}""", true)]
    [InlineData($$"""{"messages": [{{Question}}, {{Answer}}], "prompt": "ignored"}""", true)]
    public void Supervised_rows_are_read_in_all_their_forms(string row, bool isChat) =>
        Assert.Equal(new SupervisedRow(isChat ? s_chat : s_text, "a"), SupervisedRows.Parse(JsonElement.Parse(row)));

    [Theory]
    [InlineData("""{"prompt": "q"}""", "missing_field")]
    [InlineData("""{"response": "a"}""", "missing_field")]
    [InlineData("""{"prompt": "q", "response": ""}""", "empty_response")]
    [InlineData("""{"messages": "q"}""", "wrong_type")]
    [InlineData($$"""{"messages": [{{Question}}]}""", "malformed_conversation")]
    [InlineData($$"""{"messages": [{{Answer}}]}""", "empty_prompt")]
    [InlineData("""{"messages": [{"role": "tool", "content": "x"}]}""", "malformed_conversation")]
    public void Supervised_rows_that_cannot_be_used_say_why(string row, string reason) =>
        Assert.Equal(reason, Assert.Throws<RefusedItemException>(() => SupervisedRows.Parse(JsonElement.Parse(row))).Reason);

    [Fact]
    public void Prompts_are_read_in_both_forms()
    {
        Assert.Equal(s_text, PromptRows.Parse(JsonElement.Parse("""{"prompt": "q", "id": 3}""")));
        Assert.Equal(s_chat, PromptRows.Parse(JsonElement.Parse($$"""{"messages": [{{Question}}]}""")));
        Assert.Equal(
            "malformed_conversation", Assert.Throws<RefusedItemException>(() => PromptRows.Parse(JsonElement.Parse($$"""{"messages": [{{Question}}, {{Answer}}]}"""))).Reason);
        Assert.Equal("missing_field", Assert.Throws<RefusedItemException>(() => PromptRows.Parse(JsonElement.Parse("{}"))).Reason);
    }
}
