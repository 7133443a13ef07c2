namespace Rlhf.Tokenization.Splitting;

/// <summary>Cuts text into words that are encoded apart.</summary>
internal abstract class TextSplitter
{
    /// <summary>Adds the words of a part of the text, in order; what stands between them is left out.</summary>
    /// <param name="text">Text with one UTF-16 unit a character; see <see cref="BmpShadow"/>.</param>
    /// <param name="part">Where to look; never empty.</param>
    /// <param name="words">Receives the words.</param>
    public abstract void Split(string text, TextSpan part, List<TextSpan> words);
}
