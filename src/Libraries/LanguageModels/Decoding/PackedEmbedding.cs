using System.Numerics.Tensors;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>What a token brings into the stream: its embedding, scaled where the model does, and its position where that is learned.</summary>
internal sealed class PackedEmbedding<TVector, TLanes, TWeight, TWeights>(ModelConfig config) : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
    where TWeight : unmanaged
    where TWeights : struct, IWeights<TVector, TWeight>
{
    private readonly float[] _positions = new float[config.HasLearnedPositions ? config.ContextLength * config.HiddenSize : 0]; // [S, C]

    /// <summary>[C] to [V], as a tied head uses it.</summary>
    public PackedMatrix<TVector, TLanes, TWeight, TWeights> Tokens { get; } = new(config.HiddenSize, config.VocabularySize);

    /// <summary>Takes over learned positions; <see cref="Tokens"/> are packed like any matrix.</summary>
    public void TakePositions(ModelViews views) => views.LearnedPositions?.Read(0, _positions);

    /// <summary>Writes a row of the stream.</summary>
    /// <param name="x">[C].</param>
    public void Read(int token, int position, Span<float> x)
    {
        Tokens.ReadOutput(token, x);
        if (config.HasScaledEmbedding)
        {
            TensorPrimitives.Multiply(x, (float)config.EmbeddingScale, x);
        }

        if (_positions.Length > 0)
        {
            TensorPrimitives.Add(x, _positions.AsSpan(position * config.HiddenSize, config.HiddenSize), x);
        }
    }

    public void Dispose() => Tokens.Dispose();
}
