using Rlhf.Learner.Data;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Learner.Rollouts;

/// <summary>
/// Asks for a step's rollouts over the queue, one message a prompt, and waits on the training thread until all have been
/// sampled and scored. Ids and seeds are functions of job, step and prompt: asking twice is asking once.
/// </summary>
/// <param name="specification">The PPO job's.</param>
/// <param name="settings">Its settings.</param>
/// <param name="schedule">Which prompts come when.</param>
/// <param name="tokenizerHash">The tokenizer that rollouts must have been made with.</param>
/// <param name="inbox">Where they arrive.</param>
/// <param name="announce">Publishes requests.</param>
/// <param name="refuse">Counts an item that is dropped from a step, by reason.</param>
/// <param name="log">Where a step's rollouts are written down as they arrive; null forgets them when the process ends.</param>
internal sealed class RolloutCollector(
    JobSpecification specification,
    PpoSettings settings,
    PromptSchedule<PromptExample> schedule,
    string tokenizerHash,
    RolloutInbox inbox,
    Announce announce,
    Action<string> refuse,
    Func<long, RolloutLog>? log = null)
{
    private const int MaxRepetitions = 5;
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(60);

    private readonly List<PromptRemoval> _removals = [];

    /// <summary>The prompts that were dropped for good.</summary>
    public IReadOnlyList<PromptRemoval> Removals => _removals;

    /// <summary>Collects a step's rollouts.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="policyVersion">The version that is to sample.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>At least two rollouts, in the order of the requests.</returns>
    /// <exception cref="TrainingException">None came for long, or nearly all failed.</exception>
    public IReadOnlyList<Rollout> Collect(long step, string policyVersion, CancellationToken cancellationToken)
    {
        var requests = Requests(step, policyVersion);
        var scored = Wait(step, policyVersion, requests, cancellationToken);
        var rollouts = requests.Keys.SelectMany(promptId => Read(step, scored[promptId])).ToArray();
        return rollouts.Length >= 2
            ? rollouts
            : throw new TrainingException($"Step {step} has {rollouts.Length} usable rollouts of {settings.RolloutsPerStep}; the job's refused items say why.");
    }

    /// <summary>Passes over the prompts of steps that an interrupted job has done.</summary>
    /// <param name="steps">How many.</param>
    /// <param name="removals">The prompts that were dropped in them.</param>
    public void SkipSteps(long steps, IReadOnlyList<PromptRemoval> removals)
    {
        for (var step = 1L; step <= steps; step++)
        {
            SkipStep([.. removals.Where(removal => removal.Step == step)]);
        }
    }

    /// <summary>Passes over the prompts of the next step, whose rollouts are there already.</summary>
    /// <param name="removals">The prompts that were dropped in it.</param>
    public void SkipStep(IReadOnlyList<PromptRemoval> removals)
    {
        NextPrompts();
        foreach (var removal in removals)
        {
            Remove(removal);
        }
    }

    private void Remove(PromptRemoval removal)
    {
        _removals.Add(removal);
        schedule.Remove(prompt => prompt.PromptId == removal.PromptId);
    }

    private IReadOnlyList<PromptExample> NextPrompts() =>
        schedule.Next((settings.RolloutsPerStep + settings.SamplesPerPrompt - 1) / settings.SamplesPerPrompt);

    private Dictionary<string, RolloutRequested> Requests(long step, string policyVersion)
    {
        var prompts = NextPrompts();
        if (prompts.Count == 0)
        {
            throw new TrainingException("No prompt is left: all were refused.");
        }

        var stepSeed = Seeds.Derive(specification.Seed, (ulong)step);
        var requests = new Dictionary<string, RolloutRequested>(StringComparer.Ordinal);
        for (var i = 0; i < prompts.Count; i++)
        {
            // The rollouts are shared out evenly; the first prompts get what is left over.
            var samples = (settings.RolloutsPerStep / prompts.Count) + (i < settings.RolloutsPerStep % prompts.Count ? 1 : 0);
            requests[prompts[i].PromptId] = new RolloutRequested
            {
                Header = new MessageHeader
                {
                    MessageId = $"{specification.JobId}/{step}/{prompts[i].PromptId}",
                    RunId = specification.RunId,
                    Stage = "ppo",
                    Step = step,
                },
                PromptId = prompts[i].PromptId,
                Prompt = prompts[i].Prompt,
                PolicyVersion = policyVersion,
                Samples = samples,
                Sampling = new SamplingOptions
                {
                    Temperature = (float)settings.Temperature,
                    TopP = 1,
                    MaxNewTokens = settings.MaxNewTokens,
                    Seed = Seeds.Derive(stepSeed, (ulong)i),
                },
                RewardModelVersion = specification.Ppo.RewardModelVersion,
                RewardHead = specification.Ppo.RewardHead,
            };
        }

        return requests;
    }

    private Dictionary<string, RolloutScored> Wait(
        long step, string policyVersion, Dictionary<string, RolloutRequested> requests, CancellationToken cancellationToken)
    {
        var scored = new Dictionary<string, RolloutScored>(StringComparer.Ordinal);
        var arrivals = inbox.Open(policyVersion);
        var written = log?.Invoke(step);
        try
        {
            foreach (var earlier in (written?.Read() ?? []).Where(earlier => IsWanted(earlier, policyVersion, requests)))
            {
                scored.TryAdd(earlier.Rollout.PromptId, earlier);
            }

            Publish(Missing(requests, scored), cancellationToken);
            for (var repetitions = 0; scored.Count < requests.Count;)
            {
                if (arrivals.TryTake(out var arrival, (int)s_silence.TotalMilliseconds, cancellationToken))
                {
                    if (requests.ContainsKey(arrival.Rollout.PromptId) && scored.TryAdd(arrival.Rollout.PromptId, arrival))
                    {
                        written?.Append(arrival);
                        repetitions = 0;
                    }
                }
                else if (repetitions++ < MaxRepetitions)
                {
                    Publish(Missing(requests, scored), cancellationToken);
                }
                else
                {
                    throw new TrainingException(
                        $"Step {step} got {scored.Count} of {requests.Count} rollouts and then none for {(MaxRepetitions + 1) * s_silence.TotalMinutes:g} minutes; "
                        + "check that generators and the reward service are running.");
                }
            }
        }
        finally
        {
            inbox.Close();
        }

        return scored;
    }

    // A file of another run of this step asked for something else.
    private static bool IsWanted(RolloutScored earlier, string policyVersion, Dictionary<string, RolloutRequested> requests) =>
        earlier.Rollout.PolicyVersion == policyVersion
        && requests.TryGetValue(earlier.Rollout.PromptId, out var request) && request.Header.MessageId == earlier.Rollout.Header?.MessageId;

    private static IEnumerable<RolloutRequested> Missing(
        Dictionary<string, RolloutRequested> requests, Dictionary<string, RolloutScored> scored) =>
        requests.Where(request => !scored.ContainsKey(request.Key)).Select(request => request.Value);

    private void Publish(IEnumerable<RolloutRequested> requests, CancellationToken cancellationToken) => Task.WhenAll(
        requests.Select(request => announce(RoutingKeys.RolloutsRequested, request.Header.MessageId, request, cancellationToken)))
        .GetAwaiter().GetResult();

    private IEnumerable<Rollout> Read(long step, RolloutScored scored)
    {
        var generated = scored.Rollout;
        if (generated.Error is { } error)
        {
            refuse(Reason(error));
            if (error.Code is ErrorCode.TooLong or ErrorCode.InvalidItem or ErrorCode.TokenizerMismatch)
            {
                Remove(new PromptRemoval(step, generated.PromptId)); // it would fail again
            }

            yield break;
        }

        if (generated.TokenizerHash != tokenizerHash)
        {
            throw new TrainingException(
                $"Rollouts were made with tokenizer {generated.TokenizerHash}, the learner has {tokenizerHash}: generators and learner need the same model folder.");
        }

        for (var i = 0; i < generated.Samples.Count; i++)
        {
            var sample = generated.Samples[i];
            if (i >= scored.Scores.Count || scored.Scores[i].Error is not null)
            {
                refuse(i < scored.Scores.Count ? Reason(scored.Scores[i].Error) : "not_scored");
            }
            else if (sample.TokenIds.Count == 0 || sample.TokenIds.Count != sample.Logprobs.Count)
            {
                refuse("malformed_sample");
            }
            else
            {
                int[] ids = [.. generated.PromptTokenIds, .. sample.TokenIds];
                yield return new Rollout(
                    new EncodedExample(ids, generated.PromptTokenIds.Count),
                    [.. sample.Logprobs],
                    sample.FinishReason != FinishReason.Length,
                    scored.Scores[i].Normalised,
                    generated.PromptId);
            }
        }
    }

    private static string Reason(ItemError error) => error.Code switch
    {
        ErrorCode.InvalidItem => "invalid_item",
        ErrorCode.TooLong => "too_long",
        ErrorCode.TokenizerMismatch => "tokenizer_mismatch",
        ErrorCode.NotFinite => "not_finite",
        ErrorCode.UnknownVersion => "unknown_version",
        ErrorCode.Upstream => "upstream",
        _ => "unspecified",
    };
}
