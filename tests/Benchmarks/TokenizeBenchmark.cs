using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Rlhf.Tokenization;

namespace Rlhf.Benchmarks;

/// <summary>Megabytes of text to token ids a second, and whether four times the text takes four times the time.</summary>
internal static class TokenizeBenchmark
{
    private const int Bytes = 1_000_000;
    private const int Growth = 4;
    private const int Runs = 5;

    /// <summary>The command "tokenize".</summary>
    public static Command Create()
    {
        var folders = new Argument<string[]>("folders") { Description = "Model folders with a tokenizer each.", Arity = ArgumentArity.OneOrMore };
        var text = new Option<FileInfo>("--text") { Description = "A file of English text.", Required = true };
        text.AcceptExistingOnly();
        var command = new Command("tokenize", "Megabytes of text a second, for English and for one long word.") { folders, text };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(folders), parsed.GetRequiredValue(text).FullName));
        return command;
    }

    /// <param name="folders">Model folders.</param>
    /// <param name="english">A file of English text; repeated where it is shorter than needed.</param>
    public static void Run(IReadOnlyList<string> folders, string english)
    {
        var text = File.ReadAllText(english);
        Console.WriteLine($"MB/s for 1 MB and for {Growth} MB (median of {Runs}), and the time a byte of the longer to that of the shorter");
        foreach (var folder in folders)
        {
            Measure(folder, "English", Repeat(text));
            Measure(folder, "one word", Word(Bytes * Growth));
        }
    }

    private static void Measure(string folder, string name, string text)
    {
        var (small, large) = (Seconds(folder, text[..Bytes]), Seconds(folder, text[..(Bytes * Growth)]));
        Console.WriteLine($"{folder,-40} {name,-9} {Rate(small, Bytes)} {Rate(large, Bytes * Growth)} {Number(large / small / Growth)}x");
    }

    private static double Seconds(string folder, string text)
    {
        // Each time anew, so that no words are known from before; the first time is for the just-in-time compiler.
        var seconds = new List<double>();
        for (var run = 0; run <= Runs; run++)
        {
            var tokenizer = TextTokenizer.Load(folder);
            var since = Stopwatch.GetTimestamp();
            tokenizer.Encode(text);
            seconds.Add(Stopwatch.GetElapsedTime(since).TotalSeconds);
        }

        return seconds.Skip(1).Order().ElementAt(Runs / 2);
    }

    private static string Repeat(string text)
    {
        var repeated = new StringBuilder();
        while (repeated.Length < Bytes * Growth)
        {
            repeated.Append(text);
        }

        return repeated.ToString();
    }

    private static string Word(int length)
    {
        var random = new Random(1);
        return string.Create(length, random, (letters, source) =>
        {
            for (var i = 0; i < letters.Length; i++)
            {
                letters[i] = (char)('a' + source.Next(26));
            }
        });
    }

    private static string Rate(double seconds, int bytes) => Number(bytes / seconds / 1e6).PadLeft(8);

    private static string Number(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
