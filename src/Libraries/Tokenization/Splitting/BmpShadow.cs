using System.Globalization;
using System.Text;

namespace Rlhf.Tokenization.Splitting;

/// <summary>
/// A text as regular expressions are to see it. .NET's see UTF-16 units, and to them a letter beyond U+FFFF is two surrogates
/// and no letter; so a basic character of the same Unicode category stands for it, and the shadow has one unit a character.
/// </summary>
internal sealed class BmpShadow
{
    // Stand-ins from scripts that no splitting pattern lists by range.
    private static readonly Dictionary<UnicodeCategory, char> _standIns = new()
    {
        [UnicodeCategory.UppercaseLetter] = '\uA640',
        [UnicodeCategory.LowercaseLetter] = '\uA641',
        [UnicodeCategory.TitlecaseLetter] = '\u1F88',
        [UnicodeCategory.ModifierLetter] = '\uA4F8',
        [UnicodeCategory.OtherLetter] = '\uA4D0',
        [UnicodeCategory.NonSpacingMark] = '\uA6F0',
        [UnicodeCategory.SpacingCombiningMark] = '\uA823',
        [UnicodeCategory.EnclosingMark] = '\uA670',
        [UnicodeCategory.DecimalDigitNumber] = '\uA620',
        [UnicodeCategory.LetterNumber] = '\uA6E6',
        [UnicodeCategory.OtherNumber] = '\uA830',
        [UnicodeCategory.ConnectorPunctuation] = '\uFE4D',
        [UnicodeCategory.DashPunctuation] = '\uFE58',
        [UnicodeCategory.OpenPunctuation] = '\uFE59',
        [UnicodeCategory.ClosePunctuation] = '\uFE5A',
        [UnicodeCategory.InitialQuotePunctuation] = '\u2E02',
        [UnicodeCategory.FinalQuotePunctuation] = '\u2E03',
        [UnicodeCategory.OtherPunctuation] = '\uA6F3',
        [UnicodeCategory.MathSymbol] = '\uFE62',
        [UnicodeCategory.CurrencySymbol] = '\uA838',
        [UnicodeCategory.ModifierSymbol] = '\uA700',
        [UnicodeCategory.OtherSymbol] = '\uA828',
        [UnicodeCategory.Format] = '\uFFF9',
        [UnicodeCategory.PrivateUse] = '\uE000',
        [UnicodeCategory.OtherNotAssigned] = '\uFDD0',
    };

    private readonly int[]? _offsets;

    private BmpShadow(string text, int[]? offsets) => (Text, _offsets) = (text, offsets);

    /// <summary>The shadow.</summary>
    public string Text { get; }

    /// <summary>The categories that stand-ins exist for: all that characters beyond U+FFFF have.</summary>
    public static IReadOnlyDictionary<UnicodeCategory, char> StandIns => _standIns;

    /// <param name="text">Text without lone surrogates.</param>
    public static BmpShadow Of(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return new BmpShadow(text, null);
        }

        var shadow = new StringBuilder(text.Length);
        var offsets = new List<int>(text.Length + 1);
        var offset = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            offsets.Add(offset);
            offset += rune.Utf16SequenceLength;
            shadow.Append(rune.IsBmp ? (char)rune.Value : _standIns[Rune.GetUnicodeCategory(rune)]);
        }

        return new BmpShadow(shadow.ToString(), [.. offsets, offset]);
    }

    /// <summary>Where in the text a place of the shadow is.</summary>
    public int Offset(int index) => _offsets is null ? index : _offsets[index];
}
