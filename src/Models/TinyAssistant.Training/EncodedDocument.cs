using Rlhf.Tokenization;

namespace Rlhf.TinyAssistant.Training;

/// <summary>A document as tokens.</summary>
/// <param name="Tokens">From the beginning of sequence to its end.</param>
/// <param name="FirstLearnt">Index of the first token that is learnt.</param>
/// <param name="FirstWeight">Weight of that token; the others have 1.</param>
public sealed record EncodedDocument(int[] Tokens, int FirstLearnt, double FirstWeight)
{
    /// <summary>Encodes a document.</summary>
    /// <exception cref="ArgumentException">What is learnt doesn't begin at a word boundary.</exception>
    public static EncodedDocument Encode(TextTokenizer tokenizer, TrainingDocument document, double labelWeight)
    {
        if (document.Context.Length == 0)
        {
            return new EncodedDocument([.. tokenizer.Encode(document.Learnt), tokenizer.EosId], 1, 1);
        }

        if (!document.Learnt.StartsWith(' '))
        {
            throw new ArgumentException($"\"{document.Learnt}\" must begin with a space, as the model continues at a word boundary", nameof(document));
        }

        var context = tokenizer.Encode(document.Context);
        var learnt = tokenizer.EncodeContinuation(document.Learnt[1..]);
        return new EncodedDocument([.. context, .. learnt, tokenizer.EosId], context.Length, learnt.Length == 1 ? labelWeight : 1);
    }
}
