using System.Text;
using System.Text.Json.Nodes;

namespace Rlhf.Tokenization.Tests;

/// <summary>Damaged tokenizer files are refused in one sentence, or still work; nothing else happens.</summary>
public sealed class HostileFileTests
{
    private const string Probe = "Hello, w\u00F6rld! 123 \U0001F600 </s>";

    private static readonly string[] _intruders =
    [
        "null", "true", "-1", "1e400", "99999999999999999999", "2147483647", "0.5", "\"\"", "\"\\ud800\"", "\"x\"", "[]", "{}", "[[]]", "{\"type\":1}",
    ];

    [Theory]
    [InlineData("tokenizer.json", 900)]
    [InlineData("tokenizer_config.json", 200)]
    [InlineData("vocab.json", 200)]
    [InlineData("merges.txt", 200)]
    [InlineData("tokenizer.model", 400)]
    public void A_damaged_file_is_refused_in_one_sentence_or_works(string name, int count)
    {
        using var tiny = Whole();
        if (name is "vocab.json" or "merges.txt" or "tokenizer.model")
        {
            WriteAlternative(tiny, name);
        }

        var path = Path.Combine(tiny.Folder, name);
        var whole = File.ReadAllBytes(path);
        Assert.NotEmpty(TextTokenizer.Load(tiny.Folder).Encode(Probe));

        var random = new Random(7);
        var refused = 0;
        for (var i = 0; i < count; i++)
        {
            File.WriteAllBytes(path, Damaged(whole, random));
            refused += IsRefused(tiny.Folder, $"{name}, mutation {i}") ? 1 : 0;
        }

        // Else the mutations would hit nothing.
        Assert.InRange(refused, count / 10, count);
    }

    [Theory]
    [InlineData(100_000, "[", "]")]
    [InlineData(100_000, "{\"model\":", "}")]
    public void Deep_nesting_is_refused(int depth, string open, string close)
    {
        using var tiny = new TinyTokenizer();
        tiny.Write("tokenizer.json", string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth)));
        Assert.True(IsRefused(tiny.Folder, "nesting"));
    }

    private static bool IsRefused(string folder, string what)
    {
        try
        {
            var tokenizer = TextTokenizer.Load(folder);
            tokenizer.Decode(tokenizer.Encode(Probe));
            return false;
        }
        catch (InvalidDataException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            Assert.EndsWith(".", e.Message.TrimEnd(')'), StringComparison.Ordinal);
            return true;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{what}: {e.GetType().Name}", e);
        }
    }

    private static TinyTokenizer Whole()
    {
        var tiny = new TinyTokenizer();
        tiny.Json["pre_tokenizer"] = TinyTokenizer.SplitBy(@" ?\p{L}+| ?\p{N}{1,3}|\s+(?!\S)|.");
        tiny.Json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        tiny.AddToken("<tool>", flag: "lstrip");
        tiny.AddWords("Hel", "lo");
        ((JsonArray)tiny.Json["model"]!["merges"]!).Add("H e");
        tiny.Json["model"]!["vocab"]!["He"] = 999;
        tiny.Config["chat_template"] = "{% for m in messages %}{{ m['role'] + ': ' + m.content | trim }}{% endfor %}";
        tiny.Load();
        return tiny;
    }

    private static void WriteAlternative(TinyTokenizer tiny, string name)
    {
        tiny.Write("vocab.json", tiny.Json["model"]!["vocab"]!.ToJsonString());
        tiny.Write("merges.txt", "#version: 0.2\nH e\n");
        tiny.Write("tokenizer_config.json", """{"eos_token": "He", "tokenizer_class": "GPT2Tokenizer"}""");
        File.Delete(Path.Combine(tiny.Folder, "tokenizer.json"));
        if (name == "tokenizer.model")
        {
            tiny.Write("tokenizer_config.json", "{}");
            File.WriteAllBytes(Path.Combine(tiny.Folder, name), SentencePieceModel());
        }
    }

    // Control, byte and letter pieces of a BPE model with byte fallback, as sentencepiece_model.proto lays them out.
    private static byte[] SentencePieceModel()
    {
        using var model = new MemoryStream();
        string[] pieces = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"), "\u2581", "H", "e", "l", "o", "He", "ll", "\u2581He"];
        foreach (var (id, piece) in pieces.Index())
        {
            var text = Encoding.UTF8.GetBytes(piece);
            var kind = id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1;
            byte[] message = [0x0A, (byte)text.Length, .. text, 0x15, .. BitConverter.GetBytes(-(float)id), 0x18, (byte)kind];
            model.Write([0x0A, (byte)message.Length, .. message]);
        }

        model.Write([0x12, 5, 0x18, 2, 0x98, 0x02, 1]); // trainer: BPE, byte fallback
        model.Write([0x1A, 2, 0x20, 0]); // normalizer: keeps extra spaces
        return model.ToArray();
    }

    private static byte[] Damaged(byte[] whole, Random random)
    {
        var bytes = whole.ToArray();
        switch (random.Next(5))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                {
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                }

                return bytes;
            case 2:
                var from = random.Next(bytes.Length);
                var to = Math.Min(bytes.Length, from + random.Next(1, 60));
                return random.Next(2) == 0 ? [.. bytes[..from], .. bytes[to..]] : [.. bytes[..to], .. bytes[from..]];
            default:
                return WithIntruder(bytes, random);
        }
    }

    /// <summary>Another value in place of one of the file's, where it is JSON; else in place of anything.</summary>
    private static byte[] WithIntruder(byte[] bytes, Random random)
    {
        var intruder = _intruders[random.Next(_intruders.Length)];
        var starts = Enumerable.Range(0, bytes.Length).Where(i => bytes[i] is (byte)':' or (byte)',').ToList();
        var at = starts.Count > 0 ? starts[random.Next(starts.Count)] + 1 : random.Next(bytes.Length);
        var end = Array.FindIndex(bytes, at, b => b is (byte)',' or (byte)'}' or (byte)']');
        return [.. bytes[..at], .. Encoding.UTF8.GetBytes(intruder), .. bytes[(end < 0 ? bytes.Length : end)..]];
    }
}
