using System.Text.RegularExpressions;
using Rlhf.Tokenization.Normalizing;
using Rlhf.Tokenization.Splitting;

namespace Rlhf.Tokenization.Files;

/// <summary>Reads the "pre_tokenizer" of a tokenizer.json.</summary>
internal sealed class PreTokenizerReader
{
    /// <summary>The pattern of GPT-2, which "ByteLevel" stands for.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly List<TextSplitter> _splitters = [];

    /// <exception cref="InvalidDataException">A step is malformed or not supported.</exception>
    public PreTokenizerReader(JsonField? preTokenizer)
    {
        foreach (var step in Steps.Of(preTokenizer, "pretokenizers"))
        {
            if (IsByteLevel)
            {
                throw step.Unsupported($"the pre-tokenizer \"{step["type"].Text()}\" behind \"ByteLevel\"");
            }

            Read(step);
        }
    }

    public IReadOnlyList<TextSplitter> Splitters => _splitters;

    /// <summary>How spaces are marked, where the pre-tokenizer does it.</summary>
    public WordMark? WordMark { get; private set; }

    /// <summary>Whether the words become bytes.</summary>
    public bool IsByteLevel { get; private set; }

    private void Read(JsonField step)
    {
        switch (step["type"].Text())
        {
            case "ByteLevel":
                ReadByteLevel(step);
                break;
            case "Split":
                _splitters.Add(new RegexSplitter(Pattern(step["pattern"]), Behavior(step["behavior"]), step.Find("invert")?.Boolean() ?? false));
                break;
            case "Digits":
                var isEachAlone = step.Find("individual_digits")?.Boolean() ?? false;
                _splitters.Add(new RegexSplitter(isEachAlone ? @"\p{N}" : @"\p{N}+", SplitBehavior.Isolated, isInverted: false));
                break;
            case "Metaspace":
                ReadMetaspace(step);
                break;
            case var other:
                throw step.Unsupported($"the pre-tokenizer \"{other}\"");
        }
    }

    private void ReadByteLevel(JsonField step)
    {
        if (step.Find("add_prefix_space")?.Boolean() ?? true)
        {
            throw step.Unsupported("\"add_prefix_space\": true");
        }

        IsByteLevel = true;
        if (step.Find("use_regex")?.Boolean() ?? true)
        {
            _splitters.Add(new RegexSplitter(Gpt2Pattern, SplitBehavior.Isolated, isInverted: false));
        }
    }

    private void ReadMetaspace(JsonField step)
    {
        if (_splitters.Count > 0 || WordMark is not null)
        {
            throw step.Unsupported("the pre-tokenizer \"Metaspace\" behind another");
        }

        WordMark = Metaspace(step);
        if (step.Find("split")?.Boolean() ?? true)
        {
            _splitters.Add(new RegexSplitter(Regex.Escape(WordMark.Mark.ToString()), SplitBehavior.MergedWithNext, isInverted: false));
        }
    }

    /// <summary>The mark of a "Metaspace" pre-tokenizer or decoder.</summary>
    public static WordMark Metaspace(JsonField step)
    {
        var replacement = step["replacement"];
        var mark = replacement.Text() is [var only] && !char.IsSurrogate(only) ? only : throw replacement.Wrong("one character");
        var scheme = step.Find("prepend_scheme");
        return new WordMark(mark, scheme is { } field
            ? field.Text() switch
            {
                "always" => WordMarkPrefix.Always,
                "first" => WordMarkPrefix.First,
                "never" => WordMarkPrefix.Never,
                _ => throw field.Wrong("\"always\", \"first\" or \"never\""),
            }
            : step.Find("add_prefix_space")?.Boolean() ?? true ? WordMarkPrefix.Always : WordMarkPrefix.Never);
    }

    private static string Pattern(JsonField pattern) => pattern.Find("String") is { } literal
        ? literal.Text() is { Length: > 0 } text && !text.Any(char.IsSurrogate) ? Regex.Escape(text) : throw literal.Wrong("a text of basic characters that is not empty")
        : PatternReader.Regex(pattern["Regex"]);

    private static SplitBehavior Behavior(JsonField behavior) => behavior.Text() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        _ => throw behavior.Wrong("\"Removed\", \"Isolated\", \"MergedWithPrevious\", \"MergedWithNext\" or \"Contiguous\""),
    };
}
