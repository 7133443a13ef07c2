using Rlhf.LanguageModels;
using Rlhf.Learner.Training;
using Rlhf.Tokenization;

namespace Rlhf.Learner.CommandLine.Rewards;

/// <summary>Scores by a reward model of the same tokenizer.</summary>
internal sealed class FolderReward : IReward
{
    private readonly RewardModel _model;

    /// <summary>Loads it.</summary>
    /// <param name="folder">In Hugging Face layout, with one label.</param>
    /// <param name="tokenizer">The policy's.</param>
    /// <exception cref="InvalidDataException">A file is missing or malformed, or the tokenizers differ.</exception>
    public FolderReward(string folder, TextTokenizer tokenizer)
    {
        var own = TextTokenizer.Load(folder);
        _model = own.Hash == tokenizer.Hash
            ? RewardModel.Load(folder)
            : throw new InvalidDataException($"{folder} has another tokenizer than the policy; a reward model must be trained from a model of the same tokenizer.");
    }

    /// <inheritdoc/>
    public double[] Score(IReadOnlyList<SampledResponse> responses, CancellationToken cancellationToken)
    {
        double[] scores = [.. _model.Score([.. responses.Select(response => response.TokenIds)]).Select(score => (double)score)];
        return scores.All(double.IsFinite) ? scores : throw new TrainingException("The reward model gave a score that is not finite.");
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
