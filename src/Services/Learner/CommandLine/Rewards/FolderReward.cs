using System.Text.Json;
using Rlhf.LanguageModels;
using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.Tokenization;

namespace Rlhf.Learner.CommandLine.Rewards;

/// <summary>Scores by a reward model of the same tokenizer.</summary>
internal sealed class FolderReward : IReward
{
    private readonly RewardModel _model;
    private readonly Func<float[], double> _scoreOf;

    /// <summary>Loads it.</summary>
    /// <param name="folder">In Hugging Face layout; with several heads where config.json says so.</param>
    /// <param name="head">The head that scores; empty is all heads together.</param>
    /// <param name="tokenizer">The policy's.</param>
    /// <exception cref="InvalidDataException">A file is missing or malformed, the tokenizers differ, or there is no such head.</exception>
    public FolderReward(string folder, string head, TextTokenizer tokenizer)
    {
        var own = TextTokenizer.Load(folder);
        _model = own.Hash == tokenizer.Hash
            ? RewardModel.Load(folder)
            : throw new InvalidDataException($"{folder} has another tokenizer than the policy; a reward model must be trained from a model of the same tokenizer.");
        try
        {
            _scoreOf = head.Length > 0 ? OneHead(folder, head) : Together(folder);
        }
        catch
        {
            _model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public double[] Score(IReadOnlyList<SampledResponse> responses, CancellationToken cancellationToken)
    {
        double[] scores = [.. _model.ScoreByMember([.. responses.Select(response => response.TokenIds)]).Select(_scoreOf)];
        return scores.All(double.IsFinite) ? scores : throw new TrainingException("The reward model gave a score that is not finite.");
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private Func<float[], double> OneHead(string folder, string head)
    {
        var index = _model.Head.Labels.ToList().IndexOf(head);
        return index >= 0
            ? outputs => outputs[index]
            : throw new InvalidDataException($"{folder} has no head '{head}'; it has: {string.Join(", ", _model.Head.Labels)}.");
    }

    // What the training measured is in its record; a model from elsewhere has none.
    private Func<float[], double> Together(string folder)
    {
        var path = Path.Combine(folder, TrainingRecord.FileName);
        if (!File.Exists(path) || ReadHeads(path) is not { } measured)
        {
            return outputs => outputs.Average();
        }

        Standardisation[] heads = [.. _model.Head.Labels.Select(label => measured.TryGetValue(label, out var head)
            ? head
            : throw new InvalidDataException($"{path} has no figures of the head '{label}'; it belongs to another model, or name a head."))];
        return outputs => outputs.Zip(heads, (output, head) => head.Apply(output)).Average();
    }

    private static Dictionary<string, Standardisation>? ReadHeads(string path)
    {
        try
        {
            using var record = JsonDocument.Parse(File.ReadAllText(path));
            return record.RootElement.TryGetProperty("heads", out var heads) ? heads.Deserialize<Dictionary<string, Standardisation>>(ConfigJson.Options) : null;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{path} is damaged: {exception.Message}", exception);
        }
    }
}
