using Rlhf.LanguageModels.Checkpoints;
using Rlhf.LanguageModels.Configuration;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>
/// A language model with a head on the hidden state of a sequence's last token, or on the mean of several, for one number or one for each
/// member of an ensemble. Stored as the family's class for sequence classification in Hugging Face, such as LlamaForSequenceClassification,
/// with a label for each member; that class reads the last token alone, so a model that pools isn't stored under its name.
/// </summary>
/// <param name="trunk">The language model; becomes this object's own.</param>
/// <param name="head">Likewise.</param>
/// <param name="pooledTokens">Of how many last tokens the head reads the mean state, 1 or more; a shorter sequence gives all of its own.</param>
/// <exception cref="ArgumentOutOfRangeException">No token would be read.</exception>
public sealed class RewardModel(CausalLanguageModel trunk, RewardHead head, int pooledTokens = 1) : IDisposable
{
    private const string HeadName = WeightNames.Score + ".weight";

    /// <summary>The language model below the head.</summary>
    public CausalLanguageModel Trunk { get; } = trunk;

    /// <summary>The head.</summary>
    public RewardHead Head { get; } = head;

    /// <summary>Of how many last tokens the head reads the mean state.</summary>
    public int PooledTokens { get; } = pooledTokens >= 1
        ? pooledTokens
        : throw new ArgumentOutOfRangeException(nameof(pooledTokens), pooledTokens, "A head reads at least one token.");

    /// <summary>Loads a folder that <see cref="Save"/>, or Hugging Face's class for one label, has written.</summary>
    /// <param name="folder">Holds config.json and model.safetensors, whole or in shards. Several labels are members only where config.json says so.</param>
    /// <param name="device">Where to; null is the processor.</param>
    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported; the message names it.</exception>
    public static RewardModel Load(string folder, Device? device = null)
    {
        var file = ConfigFile.Load(folder);
        using var weights = new CheckpointReader(folder, ScalarType.Float32);
        var trunk = CausalLanguageModel.Load(folder, file, weights, hasHead: false, device);
        try
        {
            using var scope = NewDisposeScope();
            var labels = file.Labels();
            return new RewardModel(trunk, RewardHead.Of(weights.Read(HeadName, labels.Count, trunk.Config.HiddenSize).to(trunk.Device), labels), file.PooledTokens());
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
        Trunk.Save(folder, weights, Head.Labels, bosId, eosId, PooledTokens);
    }

    /// <summary>The scores of a batch, with gradients where they are on.</summary>
    /// <param name="tokens">The sequences.</param>
    /// <returns>[B, K], a column for each member; the caller owns it.</returns>
    public Tensor Forward(TokenBatch tokens)
    {
        using var scope = NewDisposeScope();
        var hidden = Trunk.Hidden(tokens.Ids); // [B, S, C]
        var pooled = tokens.MeanOfLast(hidden, PooledTokens); // [B, C]
        return Head.Forward(pooled).MoveToOuterDisposeScope(); // [B, K]
    }

    /// <summary>Scores sequences without gradients, bucketed by length.</summary>
    /// <param name="sequences">Prompt and response tokens, each 1 to the context length long.</param>
    /// <returns>The mean of the members' scores for each sequence, in their order.</returns>
    /// <exception cref="ArgumentException">A sequence is empty or over the context length.</exception>
    public float[] Score(IReadOnlyList<int[]> sequences) => [.. ScoreByMember(sequences).Select(members => members.Average())];

    /// <summary>The same for each member.</summary>
    /// <returns>For each sequence, in their order, the members' scores.</returns>
    /// <inheritdoc cref="Score" path="/param|/exception"/>
    public float[][] ScoreByMember(IReadOnlyList<int[]> sequences)
    {
        var scores = new float[sequences.Count][];
        using var noGradients = no_grad();
        foreach (var bucket in LengthBuckets.Split(sequences, s => s.Length, LengthBuckets.DefaultTokens))
        {
            using var scope = NewDisposeScope();
            using var tokens = new TokenBatch([.. bucket.Select(i => sequences[i])], Trunk.Device);
            var values = Forward(tokens).cpu().data<float>().ToArray(); // [B, K]
            foreach (var (row, members) in values.Chunk(Head.Members).Index())
            {
                scores[bucket[row]] = members;
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
