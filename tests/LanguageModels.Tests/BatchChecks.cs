using Rlhf.LanguageModels.Decoding;

namespace Rlhf.LanguageModels.Tests;

/// <summary>What holds for every packed model.</summary>
internal static class BatchChecks
{
    /// <summary>A row is the same to the bit alone, in chunks, beside 13 others (so that each kernel has its turn), and after a fork.</summary>
    public static void RowsDependOnNothingElse(DecodingModel packed, int[] tokens)
    {
        var alone = Paths.Packed(packed, tokens, chunk: 1);
        Assert.Equal(alone, Paths.Packed(packed, tokens, chunk: 5));
        using var sequence = packed.NewSequence();
        var others = Enumerable.Range(0, 13).Select(_ => packed.NewSequence()).ToList();
        for (var i = 0; i < tokens.Length; i++)
        {
            packed.Append([.. others.Select((other, j) => new DecodingRow(other, (i + j) % 23, IsAsked: false)), new(sequence, tokens[i], IsAsked: true)]);
            Assert.Equal(alone[i], packed.Logits(0).ToArray());
        }

        using var start = packed.NewSequence();
        packed.Append([.. tokens[..18].Select(token => new DecodingRow(start, token, IsAsked: false))]);
        using var fork = start.Fork();
        packed.Append([new(start, 9, IsAsked: false)]);
        for (var i = 18; i < tokens.Length; i++)
        {
            packed.Append([new(fork, tokens[i], IsAsked: true)]);
            Assert.Equal(alone[i], packed.Logits(0).ToArray());
        }

        others.ForEach(other => other.Dispose());
    }
}
