using Rlhf.Coordinator.Prompts;
using Rlhf.ServiceDefaults;
using Rlhf.Testing;

namespace Rlhf.Coordinator.Tests;

public sealed class PromptFileReaderTests
{
    private static PromptFile Read(string text, string extension) => PromptFileReader.Read(new StringReader(text), extension);

    [Fact]
    public void Json_lines_give_prompts_conversations_ids_and_kinds()
    {
        var file = Read(
            """
            {"prompt": "Hello?", "id": "h1", "kind": "harmless"}

            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}], "kind": "unsafe", "goal": "g"}
            {"prompt": "no kind"}
            """, ".jsonl");

        Assert.Empty(file.BadLines);
        Assert.Equal([PromptKind.Harmless, PromptKind.Harmful, PromptKind.Unknown], file.Prompts.Select(prompt => prompt.Kind));
        Assert.Equal("h1", file.Prompts[0].PromptId);
        Assert.Equal("c", file.Prompts[1].Text);
        Assert.Equal(3, file.Prompts[1].Turns.Count);
        Assert.StartsWith("p-", file.Prompts[2].PromptId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "line 2: not JSON")]
    [InlineData("[1]", "line 2: not a JSON object")]
    [InlineData("{\"text\": \"x\"}", "line 2: neither \"prompt\" nor \"messages\"")]
    [InlineData("{\"prompt\": 5}", "line 2: \"prompt\" is not a text")]
    [InlineData("{\"prompt\": \"  \"}", "line 2: empty text")]
    [InlineData("{\"prompt\": \"x\", \"kind\": \"odd\"}", "line 2: kind 'odd' is none of harmful, unsafe, harmless, safe")]
    [InlineData("{\"messages\": []}", "line 2: no messages")]
    [InlineData("{\"messages\": [{\"role\": \"assistant\", \"content\": \"x\"}]}", "line 2: the last message is not the user's")]
    [InlineData("{\"messages\": [{\"role\": \"god\", \"content\": \"x\"}]}", "line 2: a role is none of system, user, assistant")]
    [InlineData("{\"messages\": [null]}", "line 2: a role is none of system, user, assistant")]
    [InlineData("{\"messages\": [5]}", "line 2: not JSON")]
    public void A_bad_json_line_is_left_out_with_its_number_and_reason(string line, string reason)
    {
        var file = Read("{\"prompt\": \"good\"}\n" + line + "\n{\"prompt\": \"also good\"}", ".jsonl");

        Assert.Equal(2, file.Prompts.Count);
        Assert.Equal(1, file.BadLineCount);
        Assert.StartsWith(reason, Assert.Single(file.BadLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_gives_prompts_over_several_lines_and_names_the_line_of_a_bad_one()
    {
        var file = Read("id,Prompt,label\n1,\"Hello,\n\"\"you\"\"\",safe\n2,,safe\n3,Boo,unsafe\n4,Eh,perhaps\n", ".csv");

        Assert.Equal(["Hello,\n\"you\"", "Boo"], file.Prompts.Select(prompt => prompt.Text));
        Assert.Equal([PromptKind.Harmless, PromptKind.Harmful], file.Prompts.Select(prompt => prompt.Kind));
        Assert.Equal(["line 4: empty text", "line 6: kind 'perhaps' is none of harmful, unsafe, harmless, safe"], file.BadLines);
    }

    [Fact]
    public void Csv_without_a_prompt_column_is_refused_by_name()
    {
        var error = Assert.Throws<FormatException>(() => Read("a,b\n1,2\n", ".csv"));
        Assert.Equal("no column 'prompt' among: a, b", error.Message);
    }

    [Fact]
    public void Plain_text_is_one_prompt_a_line_and_repeated_ones_count_once()
    {
        var file = Read("one\n\n two \none\n", ".txt");

        Assert.Equal(["one", "two"], file.Prompts.Select(prompt => prompt.Text));
        Assert.Equal(1, file.Duplicates);
    }

    [Fact]
    public void A_prompt_longer_than_the_limit_is_left_out() =>
        Assert.Equal("line 1: longer than 100000 characters", Assert.Single(Read(new string('x', 100_001), ".txt").BadLines));

    [Fact]
    public void Ids_that_repeat_are_made_unique()
    {
        var ids = Read("{\"prompt\": \"a\", \"id\": \"x\"}\n{\"prompt\": \"b\", \"id\": \"x\"}", ".jsonl").Prompts.Select(prompt => prompt.PromptId).ToList();
        Assert.Equal(2, ids.Distinct().Count());
    }

    [Fact]
    public void A_file_without_a_usable_prompt_stops_the_start_with_one_sentence()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".jsonl");
        File.WriteAllText(path, "nonsense\n");
        try
        {
            var error = Assert.Throws<StartupException>(() => PromptFileReader.Read(path));
            Assert.Contains("holds no usable prompt (line 1: not JSON", error.Message);
        }
        finally
        {
            File.Delete(path);
        }

        Assert.Contains("can't be read", Assert.Throws<StartupException>(() => PromptFileReader.Read(path)).Message);
    }

    [Fact]
    public void Xstest_is_read_as_it_is_published()
    {
        var file = PromptFileReader.Read(Fixtures.Path("safety/xstest/xstest_prompts.csv"));

        Assert.Equal(450, file.Prompts.Count + file.Duplicates);
        Assert.Equal(0, file.BadLineCount);
        Assert.Equal(250, file.Prompts.Count(prompt => prompt.Kind == PromptKind.Harmless));
        Assert.Equal(200, file.Prompts.Count(prompt => prompt.Kind == PromptKind.Harmful));
    }

    [Fact]
    public void About_a_fifth_is_held_out_by_content_whatever_the_order()
    {
        var prompts = Read(string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"prompt {i}")), ".txt").Prompts;

        var held = PromptSet.HoldOut(prompts).Where(prompt => prompt.IsEvaluation).Select(prompt => prompt.PromptId).ToHashSet();
        var heldReversed = PromptSet.HoldOut([.. prompts.Reverse()]).Where(prompt => prompt.IsEvaluation).Select(prompt => prompt.PromptId).ToHashSet();

        Assert.InRange(held.Count, 160, 240);
        Assert.Equal(held.Order(StringComparer.Ordinal), heldReversed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Of_two_prompts_one_is_held_out() =>
        Assert.Single(PromptSet.HoldOut(Read("a\nb", ".txt").Prompts), prompt => prompt.IsEvaluation);
}
