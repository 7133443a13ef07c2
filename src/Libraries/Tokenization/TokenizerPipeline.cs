using Rlhf.Tokenization.Bpe;
using Rlhf.Tokenization.Chat;
using Rlhf.Tokenization.Decoding;
using Rlhf.Tokenization.Normalizing;
using Rlhf.Tokenization.Splitting;

namespace Rlhf.Tokenization;

/// <summary>A tokenizer as its files describe it, step after step. Any thread may use it.</summary>
internal sealed class TokenizerPipeline
{
    private readonly Normalizer _normalizer;
    private readonly Matchers _all;
    private readonly Matchers _ordinary;
    private Merger? _spareMerger;

    public TokenizerPipeline(IReadOnlyList<AddedToken> addedTokens, Normalizer normalizer)
    {
        (AddedTokens, _normalizer) = (addedTokens, normalizer);
        _all = new Matchers(addedTokens, normalizer);
        _ordinary = new Matchers([.. addedTokens.Where(t => !t.IsSpecial)], normalizer);
    }

    public IReadOnlyList<AddedToken> AddedTokens { get; }

    public WordMark? WordMark { get; init; }

    public required IReadOnlyList<TextSplitter> Splitters { get; init; }

    public required BpeModel Model { get; init; }

    public required PieceDecoder Decoder { get; init; }

    /// <summary>All tokens, the added ones too.</summary>
    public required Vocabulary Vocabulary { get; init; }

    /// <summary>Ids of a text.</summary>
    /// <param name="allowSpecial">Whether the text of a special token is that token.</param>
    /// <param name="place">What stands before the text.</param>
    /// <param name="guard">Undoes what hid the texts of special tokens in parts of the text; see <see cref="SpecialTextGuard"/>.</param>
    /// <returns>The ids, and what stands before a text behind this one.</returns>
    public (List<int> Ids, TextPlace Next) Encode(string text, bool allowSpecial, TextPlace place, SpecialTextGuard? guard = null)
    {
        var ids = new List<int>((text.Length / 4) + 4);
        var merger = Interlocked.Exchange(ref _spareMerger, null) ?? Model.NewMerger();
        var matchers = allowSpecial ? _all : _ordinary;
        foreach (var (span, token) in matchers.Raw.Split(WithoutLoneSurrogates(ref text)))
        {
            if (token is null)
            {
                place = EncodeBetween(text[span.Start..span.End], matchers.Normalized, place, guard, merger, ids);
            }
            else
            {
                ids.Add(token.Id);
                place = TextPlace.BehindToken;
            }
        }

        // Not a large one: a text of megabytes would keep its memory for good.
        Volatile.Write(ref _spareMerger, merger.IsSmall ? merger : null);
        return (ids, place);
    }

    private TextPlace EncodeBetween(
        string text, AddedTokenMatcher matcher, TextPlace place, SpecialTextGuard? guard, Merger merger, List<int> ids)
    {
        var normalized = _normalizer.Apply(text, place);
        foreach (var (span, token) in matcher.Split(normalized))
        {
            if (token is null)
            {
                EncodeOrdinary(guard is null ? normalized[span.Start..span.End] : guard.Restore(normalized[span.Start..span.End]), place, merger, ids);
                place = TextPlace.BehindText;
            }
            else
            {
                ids.Add(token.Id);
                place = TextPlace.BehindToken;
            }
        }

        return place;
    }

    private void EncodeOrdinary(string text, TextPlace place, Merger merger, List<int> ids)
    {
        text = WordMark?.Apply(text, place) ?? text;
        var shadow = BmpShadow.Of(text);
        List<TextSpan> words = [new TextSpan(0, shadow.Text.Length)];
        foreach (var splitter in Splitters)
        {
            var finer = new List<TextSpan>((text.Length / 4) + 1);
            foreach (var word in words)
            {
                splitter.Split(shadow.Text, word, finer);
            }

            words = finer;
        }

        foreach (var word in words)
        {
            var (start, end) = (shadow.Offset(word.Start), shadow.Offset(word.End));
            Model.Encode(text.AsSpan(start, end - start), merger, ids);
        }
    }

    // Half a surrogate pair is no character, and UTF-8 has no way to write it: U+FFFD stands for it.
    private static string WithoutLoneSurrogates(ref string text) =>
        text = text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? string.Concat(text.EnumerateRunes()) : text;

    private sealed class Matchers(IReadOnlyList<AddedToken> tokens, Normalizer normalizer)
    {
        public AddedTokenMatcher Raw { get; } = new(tokens.Where(t => !t.IsNormalized), content => content);

        public AddedTokenMatcher Normalized { get; } = new(tokens.Where(t => t.IsNormalized), content => normalizer.Apply(content, TextPlace.Start));
    }
}
