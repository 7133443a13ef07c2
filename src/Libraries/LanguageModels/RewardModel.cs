using Rlhf.LanguageModels.Checkpoints;
using Rlhf.LanguageModels.Configuration;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>
/// A language model with a scalar head on the hidden state of a sequence's last token. Stored as the family's class for sequence
/// classification in Hugging Face, such as LlamaForSequenceClassification, with one label.
/// </summary>
public sealed class RewardModel(CausalLanguageModel trunk, ScalarHead head) : IDisposable
{
    private const string HeadName = WeightNames.Score + ".weight";

    /// <summary>The language model below the head.</summary>
    public CausalLanguageModel Trunk { get; } = trunk;

    /// <summary>The head.</summary>
    public ScalarHead Head { get; } = head;

    /// <summary>Loads a folder that <see cref="Save"/>, or Hugging Face's class for one label, has written.</summary>
    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported; the message names it.</exception>
    public static RewardModel Load(string folder, Device? device = null)
    {
        var file = ConfigFile.Load(folder);
        using var weights = new CheckpointReader(folder, ScalarType.Float32);
        var trunk = CausalLanguageModel.Load(folder, file, weights, hasHead: false, device);
        try
        {
            using var scope = NewDisposeScope();
            return new RewardModel(trunk, ScalarHead.Of(weights.Read(HeadName, 1, trunk.Config.HiddenSize).to(trunk.Device)));
        }
        catch
        {
            trunk.Dispose();
            throw;
        }
    }

    /// <summary>Writes config.json and model.safetensors. The tokenizer's files are for the caller to copy.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder, int bosId, int eosId)
    {
        // A classifier has no head for the vocabulary.
        var weights = Trunk.Parameters.Where(p => p.Key != WeightNames.Head + ".weight").ToDictionary(p => p.Key, p => (Tensor)p.Value);
        weights[HeadName] = Head.Weight;
        Trunk.Save(folder, weights, isClassifier: true, bosId, eosId);
    }

    /// <summary>The scores of a batch, with gradients where they are on.</summary>
    /// <param name="tokens">The sequences.</param>
    /// <returns>[B]; the caller owns it.</returns>
    public Tensor Forward(TokenBatch tokens)
    {
        using var scope = NewDisposeScope();
        var hidden = Trunk.Hidden(tokens.Ids); // [B, S, C]
        var last = tokens.LastOf(hidden); // [B, C]
        return Head.Forward(last).MoveToOuterDisposeScope(); // [B]
    }

    /// <summary>Scores sequences without gradients, bucketed by length.</summary>
    /// <param name="sequences">Prompt and response tokens, each 1 to the context length long.</param>
    /// <returns>A score for each, in their order.</returns>
    /// <exception cref="ArgumentException">A sequence is empty or over the context length.</exception>
    public float[] Score(IReadOnlyList<int[]> sequences)
    {
        var scores = new float[sequences.Count];
        using var noGradients = no_grad();
        foreach (var bucket in LengthBuckets.Split(sequences, s => s.Length, LengthBuckets.DefaultTokens))
        {
            using var scope = NewDisposeScope();
            using var tokens = new TokenBatch([.. bucket.Select(i => sequences[i])], Trunk.Device);
            var values = Forward(tokens).cpu().data<float>().ToArray(); // [B]
            for (var i = 0; i < bucket.Count; i++)
            {
                scores[bucket[i]] = values[i];
            }
        }

        return scores;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Trunk.Dispose();
        Head.Dispose();
    }
}
