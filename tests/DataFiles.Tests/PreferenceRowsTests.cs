using System.IO.Compression;
using Rlhf.Testing;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.DataFiles.Tests;

public sealed class PreferenceRowsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rlhf-files-");

    public void Dispose() => _folder.Delete(recursive: true);

    // The counts were made by a program of its own in another language.
    [Theory]
    [InlineData("dev-train.harmless-base", 1582, 2, 0)]
    [InlineData("dev-train.helpful-base", 1679, 3, 1)]
    [InlineData("dev-val.harmless-base", 224, 2, 0)]
    [InlineData("dev-val.helpful-base", 228, 0, 1)]
    public void HhRlhf_rows_are_split_at_the_last_shared_assistant_mark(string name, int usable, int empty, int identical)
    {
        var path = Fixtures.Path($"hh-rlhf/split/{name}.jsonl");
        var file = PreferenceRows.Read(path);
        Assert.Equal(usable, file.Rows.Count);
        Assert.Equal(empty, file.BadRows.Counts.GetValueOrDefault("empty_response"));
        Assert.Equal(identical, file.BadRows.Counts.GetValueOrDefault("identical_responses"));
        Assert.Equal(empty + identical, file.BadRows.Count);
        Assert.All(file.Rows, row => Assert.EndsWith("\n\nAssistant:", row.Prompt.Text, StringComparison.Ordinal));
        Assert.All(file.Rows, row => Assert.DoesNotContain("\n\nHuman:", row.Chosen + row.Rejected, StringComparison.Ordinal));
        Assert.Same(file, file.Require(BadRowLimit.Default));
    }

    [Fact]
    public void A_transcript_is_split_by_hand()
    {
        var row = ReadOne("""
            {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Why?\n\nAssistant: Because.", "rejected": "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Why?\n\nAssistant: Be quiet."}
            """);
        Assert.Equal(new Prompt { Text = "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Why?\n\nAssistant:" }, row.Prompt);
        Assert.Equal(("Because.", "Be quiet.", 1.0, null), (row.Chosen, row.Rejected, row.Preference, row.Margin));
    }

    [Fact]
    public void All_of_TRLs_forms_give_the_same_pair()
    {
        const string Question = """{"role": "user", "content": "What colour is the sky?"}""";
        const string Blue = """{"role": "assistant", "content": "It is blue."}""";
        const string Green = """{"role": "assistant", "content": "It is green."}""";
        string[] forms =
        [
            $$"""{"prompt": [{{Question}}], "chosen": [{{Blue}}], "rejected": [{{Green}}]}""",
            $$"""{"prompt": [{{Question}}], "chosen": "It is blue.", "rejected": "It is green."}""",
            $$"""{"chosen": [{{Question}}, {{Blue}}], "rejected": [{{Question}}, {{Green}}]}""",
            $$"""{"prompt": "What colour is the sky?", "chosen": [{{Question}}, {{Blue}}], "rejected": [{{Question}}, {{Green}}]}""",
            $$"""{"prompt": "What colour is the sky?", "chosen": [{{Blue}}], "rejected": [{{Green}}]}""",
        ];
        var expected = new PreferenceRow(
            new Prompt { Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = "What colour is the sky?" } } } },
            "It is blue.",
            "It is green.");
        Assert.All(forms, form => Assert.Equal(expected, ReadOne(form)));
        Assert.Equal(
            expected with { Prompt = new Prompt { Text = "The sky" } }, ReadOne("""{"prompt": "The sky", "chosen": "It is blue.", "rejected": "It is green."}"""));
    }

    [Fact]
    public void A_plain_text_prompt_ends_with_the_last_whole_word_that_both_share()
    {
        Assert.Equal(
            new PreferenceRow(new Prompt { Text = "The sky is" }, "black.", "blue."), ReadOne("""{"chosen": "The sky is black.", "rejected": "The sky is blue."}"""));
        Assert.Equal(
            new PreferenceRow(new Prompt { Text = "The sky is" }, "so blue.", "blue."), ReadOne("""{"chosen": "The sky is so blue.", "rejected": "The sky is blue."}"""));
    }

    [Fact]
    public void Margin_and_soft_label_are_read()
    {
        var row = ReadOne("""{"prompt": "p", "chosen": "a", "rejected": "b", "margin": 2.5, "preference": 0.75, "id": 7}""");
        Assert.Equal((2.5, 0.75), (row.Margin, row.Preference));
    }

    [Fact]
    public void Rows_that_cannot_be_used_are_counted_by_reason_with_their_lines()
    {
        var file = Read(
            """{"prompt": "p", "chosen": "a", "rejected": "b"}""",
            """{"prompt": "p", "chosen": "a", "rejected": " a "}""",
            "",
            """{"prompt": "p", "chosen": "a", "rejected": "  "}""",
            """{"prompt": "p", "chosen": "a" """,
            """[1, 2]""",
            """{"prompt": "p", "chosen": "a"}""",
            """{"prompt": "", "chosen": "a", "rejected": "b"}""",
            """{"prompt": "p", "chosen": 3, "rejected": "b"}""",
            """{"prompt": "p", "chosen": "a", "rejected": "b", "preference": 1.5}""",
            """{"chosen": "\n\nHuman: One?\n\nAssistant: a", "rejected": "\n\nHuman: Two?\n\nAssistant: b"}""",
            """{"chosen": "\n\nHuman: 1\n\nAssistant: a\n\nHuman: 2\n\nAssistant: c", "rejected": "\n\nHuman: 1\n\nAssistant: b\n\nHuman: 2\n\nAssistant: c"}""",
            """{"chosen": [{"role": "user", "content": "q"}], "rejected": [{"role": "user", "content": "q"}]}""",
            """{"prompt": "p", "chosen": "half \ud800", "rejected": "b"}""",
            """{"prompt": "p", "chosen": null, "rejected": "b"}""");
        Assert.Single(file.Rows);
        Assert.Equal(14, file.RowCount);
        Dictionary<string, int[]> expected = new()
        {
            ["identical_responses"] = [2],
            ["empty_response"] = [4],
            ["broken_json"] = [5, 6, 14],
            ["missing_field"] = [7, 15],
            ["empty_prompt"] = [8],
            ["wrong_type"] = [9],
            ["wrong_number"] = [10],
            ["differing_prompts"] = [11, 12],
            ["malformed_conversation"] = [13],
        };
        Assert.Equal(expected.ToDictionary(reason => reason.Key, reason => reason.Value.Length), file.BadRows.Counts);
        Assert.All(expected, reason => Assert.Equal(reason.Value, file.BadRows.LinesOf(reason.Key)));
    }

    [Fact]
    public void A_thousand_lines_of_a_reason_are_kept_five_are_said_and_all_are_counted()
    {
        var file = Read([.. Enumerable.Repeat("{", 1008)]);
        Assert.Equal(Enumerable.Range(1, 1000), file.BadRows.LinesOf("broken_json"));
        Assert.StartsWith("1008 broken_json (lines 1, 2, 3, 4, 5, …): ", Assert.Single(file.BadRows.Sentences()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", 1, 20, true)]
    [InlineData("1", 2, 20, false)]
    [InlineData("10%", 2, 20, true)]
    [InlineData("10%", 3, 20, false)]
    [InlineData("0", 1, 1000, false)]
    [InlineData("12.5%", 1, 8, true)]
    public void A_limit_is_a_number_or_a_share(string limit, int bad, int all, bool isAllowed)
    {
        Assert.Equal(isAllowed, BadRowLimit.Parse(limit).Allows(bad, all));
        Assert.Equal(limit, BadRowLimit.Parse(limit).ToString());
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("101%")]
    [InlineData("some")]
    [InlineData("")]
    public void Another_limit_is_refused(string limit) => Assert.Throws<FormatException>(() => BadRowLimit.Parse(limit));

    [Fact]
    public void Too_many_bad_rows_refuse_the_file_with_reasons_and_lines()
    {
        string[] lines = ["""{"prompt": "p", "chosen": "a", "rejected": "b"}""", "{", """{"prompt": "p", "chosen": "a", "rejected": "a"}"""];
        Read(lines).Require(BadRowLimit.Parse("2"));
        var error = Assert.Throws<InvalidDataException>(() => Read(lines).Require(BadRowLimit.Parse("1"))).Message;
        Assert.Contains("2 of 3 rows can't be used, and at most 1 are tolerated", error, StringComparison.Ordinal);
        Assert.Contains("1 broken_json (line 2)", error, StringComparison.Ordinal);
        Assert.Contains("1 identical_responses (line 3)", error, StringComparison.Ordinal);
        Assert.Contains("has no usable row", Assert.Throws<InvalidDataException>(() => Read("").Require(BadRowLimit.Default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_in_TRLs_form_is_read_as_it_was()
    {
        var chat = new Prompt { Conversation = new Conversation { Messages = { new ChatMessage { Role = "system", Content = "Be brief." }, new ChatMessage { Role = "user", Content = "Größe \"日本\"\n?" } } } };
        PreferenceRow[] rows =
        [
            new(new Prompt { Text = "\n\nHuman: Hi\n\nAssistant:" }, "a <b>", "c") { Margin = 0.1, Preference = 0.25 },
            new(chat, "läuft\t", "\u2028 nicht") { Margin = -3 },
            new(chat, "ja", "nein"),
        ];
        var path = Path.Combine(_folder.FullName, "written.jsonl");
        PreferenceFileWriter.Write(path, rows);
        var read = PreferenceRows.Read(path);
        Assert.Equal(rows, read.Rows);
        Assert.Equal(0, read.BadRows.Count);
        Assert.Equal(3, File.ReadAllLines(path).Length);
    }

    [Fact]
    public void Real_transcripts_survive_TRLs_form()
    {
        var rows = PreferenceRows.Read(Fixtures.Path("hh-rlhf/split/dev-val.helpful-base.jsonl")).Rows;
        var path = Path.Combine(_folder.FullName, "trl.jsonl");
        PreferenceFileWriter.Write(path, rows);
        Assert.Equal(rows, PreferenceRows.Read(path).Rows);
    }

    [Fact]
    public void Real_transcripts_survive_conversations_and_back()
    {
        var rows = PreferenceRows.Read(Fixtures.Path("hh-rlhf/split/dev-val.harmless-base.jsonl")).Rows;
        var (kept, written) = (new List<PreferenceRow>(), new List<string>());
        foreach (var row in rows)
        {
            var turns = Transcript.Parse(row.Prompt.Text);
            var chat = row with { Prompt = new Prompt { Conversation = new Conversation { Messages = { turns.Select(turn => new ChatMessage { Role = turn.Role, Content = turn.Content }) } } } };
            if (turns.All(turn => turn.Content.Length > 0) && PreferenceFileWriter.TranscriptLine(chat) is { } line)
            {
                kept.Add(row with { Prompt = new Prompt { Text = Transcript.Render(turns) } });
                written.Add(line);
            }
        }

        Assert.True(kept.Count > 200, $"only {kept.Count} of {rows.Count} rows");
        Assert.Equal(kept, Read([.. written]).Rows);
    }

    [Theory]
    [InlineData("system", "Be kind.", "yes")]
    [InlineData("user", "Hi", "yes\n\nHuman: and then?")]
    public void What_a_transcript_would_change_is_not_written_as_one(string role, string content, string chosen)
    {
        var prompt = new Prompt { Conversation = new Conversation { Messages = { new ChatMessage { Role = role, Content = content } } } };
        Assert.Null(PreferenceFileWriter.TranscriptLine(new PreferenceRow(prompt, chosen, "no")));
    }

    [Fact]
    public void A_gzipped_file_is_read_like_a_plain_one()
    {
        const string Line = """{"prompt": "p", "chosen": "a", "rejected": "b"}""";
        var path = Path.Combine(_folder.FullName, "pairs.jsonl.gz");
        using (var writer = new StreamWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest)))
        {
            writer.WriteLine(Line);
        }

        Assert.Equal(Read(Line).Rows, PreferenceRows.Read(path).Rows);
    }

    private PreferenceRow ReadOne(string line)
    {
        var file = Read(line);
        Assert.Empty(file.BadRows.Sentences());
        return Assert.Single(file.Rows);
    }

    private RowFile<PreferenceRow> Read(params string[] lines)
    {
        var path = Path.Combine(_folder.FullName, "rows.jsonl");
        File.WriteAllLines(path, lines);
        return PreferenceRows.Read(path);
    }
}
