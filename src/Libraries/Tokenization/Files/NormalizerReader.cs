using System.Text;
using System.Text.RegularExpressions;
using Rlhf.Tokenization.Normalizing;
using Rlhf.Tokenization.Splitting;

namespace Rlhf.Tokenization.Files;

/// <summary>Reads the "normalizer" of a tokenizer.json.</summary>
internal static class NormalizerReader
{
    /// <exception cref="InvalidDataException">A step is malformed or not supported.</exception>
    public static Normalizer Read(JsonField? normalizer) => new([.. Steps.Of(normalizer, "normalizers").Select(Step)]);

    private static Func<string, TextPlace, string> Step(JsonField step)
    {
        switch (step["type"].Text())
        {
            case "NFC":
                return UnicodeNormalizer.To(NormalizationForm.FormC, step.File);
            case "NFD":
                return UnicodeNormalizer.To(NormalizationForm.FormD, step.File);
            case "NFKC":
                return UnicodeNormalizer.To(NormalizationForm.FormKC, step.File);
            case "NFKD":
                return UnicodeNormalizer.To(NormalizationForm.FormKD, step.File);
            case "Prepend":
                var prefix = step["prepend"].Text();
                return (text, place) => place == TextPlace.BehindText || text.Length == 0 ? text : prefix + text;
            case "Replace":
                var content = step["content"].Text();
                if (step["pattern"].Find("String") is { } literal)
                {
                    var old = NotEmpty(literal);
                    return (text, _) => text.Replace(old, content, StringComparison.Ordinal);
                }

                var pattern = PatternReader.Regex(step["pattern"]["Regex"]);
                return (text, _) => Regex.Replace(text, pattern, content.Replace("$", "$$", StringComparison.Ordinal), RegexSplitter.Options, RegexSplitter.Timeout);
            case var other:
                throw step.Unsupported($"the normalizer \"{other}\"");
        }
    }

    private static string NotEmpty(JsonField literal) => literal.Text() is { Length: > 0 } text ? text : throw literal.Wrong("a text that is not empty");
}
