using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Learner.CommandLine.Rewards;
using Rlhf.Learner.Data;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.Tokenization;

namespace Rlhf.Learner.CommandLine;

/// <summary>
/// Samples and scores a step's responses in this process. Seeds are functions of training, step, prompt and sample, made as over the
/// queue: one seed, one result.
/// </summary>
internal sealed class LocalRollouts : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly PackedDecodingModel _model;
    private readonly ContinuousSampler _sampler;
    private readonly IReward _reward;
    private readonly PpoSettings _settings;
    private readonly ulong _seed;

    /// <summary>Packs the baseline for sampling.</summary>
    /// <param name="modelFolder">The baseline's.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="threads">That sample.</param>
    /// <param name="reward">Scores responses; stays the caller's.</param>
    /// <param name="settings">How responses are sampled.</param>
    /// <param name="seed">The training's.</param>
    public LocalRollouts(string modelFolder, TextTokenizer tokenizer, int threads, IReward reward, PpoSettings settings, ulong seed)
    {
        (_reward, _settings, _seed) = (reward, settings, seed);
        _checkpoint = new Checkpoint(modelFolder);
        _model = DecodingModel.Pack(_checkpoint, adapterFolder: null, threads);
        _sampler = new ContinuousSampler(_model, tokenizer);
    }

    /// <summary>What the scores are shifted and scaled by; leaves them as they are until it is set.</summary>
    public Standardisation Normalisation { get; set; } = new(0, 1);

    /// <summary>Mean of the scores of the last call as they came, before they were shifted and scaled.</summary>
    public double LastReward { get; private set; }

    /// <summary>Takes over a policy: an adapter of the baseline, or a whole model.</summary>
    /// <exception cref="InvalidDataException">It does not fit the model.</exception>
    public void Take(string folder)
    {
        if (!_settings.FullFineTuning)
        {
            _model.Repack(_checkpoint, folder);
            return;
        }

        using var whole = new Checkpoint(folder);
        _model.Repack(whole, adapterFolder: null);
    }

    /// <summary>Samples and scores.</summary>
    /// <param name="step">The step's number, or another one that no step has.</param>
    /// <param name="prompts">At least one.</param>
    /// <param name="count">Responses, shared out evenly; the first prompts get what is left over.</param>
    /// <param name="cancellationToken">Ends it between two tokens.</param>
    /// <exception cref="TrainingException">Scoring failed.</exception>
    public IReadOnlyList<Rollout> Collect(long step, IReadOnlyList<LocalPrompt> prompts, int count, CancellationToken cancellationToken)
    {
        var stepSeed = Seeds.Derive(_seed, (ulong)step);
        LocalPrompt[] owners = [.. prompts.SelectMany((prompt, i) => Enumerable.Repeat(prompt, (count / prompts.Count) + (i < count % prompts.Count ? 1 : 0)))];
        var requests = owners.GroupBy(prompt => prompt.Id).SelectMany((samples, i) => samples.Select((prompt, j) => new SampleRequest(
            prompt.TokenIds,
            new SamplingSettings
            {
                Temperature = _settings.Temperature,
                MaxNewTokens = _settings.MaxNewTokens,
                Seed = unchecked(Seeds.Derive(stepSeed, (ulong)i) + (ulong)j),
            })));
        var sampled = _sampler.Sample([.. requests], cancellationToken);
        SampledResponse[] responses = [.. owners.Zip(sampled, (prompt, sample) => new SampledResponse(prompt.Text, sample.Text, [.. prompt.TokenIds, .. sample.TokenIds]))];
        var scores = _reward.Score(responses, cancellationToken);
        LastReward = scores.Average();
        return
        [
            .. sampled.Select((sample, i) => new Rollout(
                new EncodedExample(responses[i].TokenIds, owners[i].TokenIds.Length),
                sample.Logprobs,
                sample.Finish != FinishKind.Length,
                Normalisation.Apply(scores[i]),
                owners[i].Id)),
        ];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _checkpoint.Dispose();
    }
}
