using System.Text;
using System.Text.RegularExpressions;

namespace Rlhf.TinyAssistant;

/// <summary>
/// Learns a byte-level BPE vocabulary (Sennrich et al. 2016, arXiv:1508.07909; byte alphabet as in GPT-2): the most
/// frequent pair is merged first, ties by the pair's text.
/// </summary>
public static partial class BpeTrainer
{
    /// <summary>How text is split before merging: GPT-2's pattern, with line breaks kept together.</summary>
    public const string SplitPattern = @"'s|'t|'re|'ve|'m|'ll|'d|\n+| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Begins every text.</summary>
    public const string BeginOfSequence = "<s>";

    /// <summary>Ends every text.</summary>
    public const string EndOfSequence = "</s>";

    /// <summary>Learns merges until the vocabulary is full, or no pair occurs twice.</summary>
    /// <param name="texts">The corpus.</param>
    /// <param name="vocabularySize">With the two special tokens and the 256 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size leaves no room for the bytes.</exception>
    public static BpeVocabulary Train(IEnumerable<string> texts, int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 258);
        var words = CountWords(texts);
        var tokens = new List<string> { BeginOfSequence, EndOfSequence };
        tokens.AddRange(Enumerable.Range(0, 256).Select(value => ByteText((byte)value)));
        var known = tokens.ToHashSet();
        var merges = new List<(string Left, string Right)>();
        while (tokens.Count < vocabularySize && MostFrequentPair(words) is { } pair)
        {
            merges.Add(pair);
            if (known.Add(pair.Left + pair.Right))
            {
                tokens.Add(pair.Left + pair.Right);
            }

            foreach (var (parts, _) in words)
            {
                Merge(parts, pair);
            }
        }

        return new BpeVocabulary(tokens, merges);
    }

    /// <summary>The printable character that stands for a byte in GPT-2's vocabulary files.</summary>
    internal static string ByteText(byte value)
    {
        // Printable bytes stand for themselves; the others are numbered from U+0100 on.
        static bool IsPrintable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        var symbol = IsPrintable(value) ? value : 0x100 + Enumerable.Range(0, value).Count(b => !IsPrintable(b));
        return ((char)symbol).ToString();
    }

    private static List<(List<string> Parts, long Count)> CountWords(IEnumerable<string> texts)
    {
        var counts = texts.SelectMany(text => Split().Matches(text)).CountBy(match => match.Value);
        return [.. counts.OrderBy(word => word.Key, StringComparer.Ordinal)
            .Select(word => (Encoding.UTF8.GetBytes(word.Key).Select(ByteText).ToList(), (long)word.Value))];
    }

    private static (string Left, string Right)? MostFrequentPair(List<(List<string> Parts, long Count)> words)
    {
        var counts = new Dictionary<(string Left, string Right), long>();
        foreach (var (parts, count) in words)
        {
            for (var i = 0; i + 1 < parts.Count; i++)
            {
                counts[(parts[i], parts[i + 1])] = counts.GetValueOrDefault((parts[i], parts[i + 1])) + count;
            }
        }

        return counts.Where(pair => pair.Value > 1)
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key.Left, StringComparer.Ordinal).ThenBy(pair => pair.Key.Right, StringComparer.Ordinal)
            .Select(pair => ((string, string)?)pair.Key).FirstOrDefault();
    }

    private static void Merge(List<string> parts, (string Left, string Right) pair)
    {
        for (var i = 0; i + 1 < parts.Count; i++)
        {
            if (parts[i] == pair.Left && parts[i + 1] == pair.Right)
            {
                parts[i] = pair.Left + pair.Right;
                parts.RemoveAt(i + 1);
            }
        }
    }

    [GeneratedRegex(SplitPattern)]
    private static partial Regex Split();
}
