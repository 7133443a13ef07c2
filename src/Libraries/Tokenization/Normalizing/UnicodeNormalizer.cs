using System.Text;

namespace Rlhf.Tokenization.Normalizing;

/// <summary>Brings text to a Unicode normalization form.</summary>
internal static class UnicodeNormalizer
{
    /// <summary>A function to the form.</summary>
    /// <exception cref="InvalidDataException">This process runs without Unicode data, where normalizing does nothing.</exception>
    public static Func<string, TextPlace, string> To(NormalizationForm form, string path) => Works()
        ? (text, _) => text.IsNormalized(form) ? text : text.Normalize(form)
        : throw new InvalidDataException(
            $"{path} asks for {form}, which this process can't do because it runs in globalization-invariant mode; install libicu and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");

    // In invariant mode Normalize returns what it is given.
    private static bool Works() => "e\u0301".Normalize(NormalizationForm.FormC) == "\u00E9";
}
