using Rlhf.Tokenization;

namespace Rlhf.TinyAssistant.Training;

/// <summary>A document as tokens.</summary>
/// <param name="Tokens">From the beginning of sequence to its end.</param>
/// <param name="Weights">How much each token counts in the loss as a target; the first counts nothing.</param>
public sealed record EncodedDocument(int[] Tokens, float[] Weights)
{
    /// <summary>Encodes a document piece by piece; the end of sequence counts like a word of an answer.</summary>
    /// <exception cref="ArgumentException">A piece doesn't begin at a word boundary.</exception>
    public static EncodedDocument Encode(TextTokenizer tokenizer, TrainingDocument document)
    {
        var tokens = new List<int>();
        var weights = new List<float>();
        foreach (var (index, segment) in document.Segments.Index())
        {
            if (index > 0 && segment.Text[0] is not (' ' or '\n'))
            {
                throw new ArgumentException($"\"{segment.Text}\" must begin with a space or a line break, to be tokens of its own", nameof(document));
            }

            var whole = tokenizer.Encode(segment.Text); // with the beginning of sequence
            var part = index == 0 ? whole : whole[1..];
            tokens.AddRange(part);
            weights.AddRange(Enumerable.Repeat((float)segment.Weight, part.Length));
        }

        weights[0] = 0;
        return new EncodedDocument([.. tokens, tokenizer.EosId], [.. weights, 1]);
    }
}
