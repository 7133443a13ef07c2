using System.Security.Cryptography;
using Google.Protobuf;
using Rlhf.DataFiles;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Methods;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Settings;
using Rlhf.Learner.StepLogs;
using Rlhf.Learner.Versions;
using Rlhf.V1;

namespace Rlhf.Learner.Jobs;

/// <summary>Makes a job of a request: checks the options, turns texts into tokens, and counts what can't be used.</summary>
internal sealed class JobIntake(
    BaseModel baseModel,
    VersionCatalog catalog,
    PolicyLoader loader,
    VersionPublisher publisher,
    CheckpointFolders checkpoints,
    RolloutInbox inbox,
    Announce announce,
    LearnerMetrics metrics,
    JobStepLogs stepLogs)
{
    private readonly ExampleEncoder _encoder = new(baseModel.Tokenizer, baseModel.Config.ContextLength);

    /// <summary>Reads a request.</summary>
    /// <param name="specification">Names and describes the job.</param>
    /// <param name="data">All of its data.</param>
    /// <exception cref="ArgumentException">An id or the method is missing, an option is out of range, the initial version is unknown, or no usable data is left.</exception>
    public TrainingJob Read(JobSpecification specification, JobData data)
    {
        RequireId(specification.JobId, "job_id");
        RequireId(specification.RunId, "run_id");
        RequireId(specification.PublishedVersion, "published_version");
        loader.RequirePolicy(specification.InitialVersion);
        var refused = new Dictionary<string, long>();
        var kept = checkpoints.Of(specification.JobId, Fingerprint(specification, data));
        ITrainingMethod method = specification.MethodCase switch
        {
            JobSpecification.MethodOneofCase.Supervised => Supervised(specification, data, kept, refused),
            JobSpecification.MethodOneofCase.RewardModel => RewardModel(specification, data, kept, refused),
            JobSpecification.MethodOneofCase.Ppo => Ppo(specification, data, kept, refused),
            JobSpecification.MethodOneofCase.Dpo => Dpo(specification, data, kept, refused),
            _ => throw new ArgumentException("The job names no method; set supervised, reward_model, ppo or dpo.", nameof(specification)),
        };
        return new TrainingJob(specification, method, refused, metrics, stepLogs.Of(specification.JobId));
    }

    // Options and data of the same job: what another one left under this id is not gone on from.
    private static string Fingerprint(JobSpecification specification, JobData data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(specification.ToByteArray());
        hash.AppendData(data.ToByteArray());
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private SupervisedMethod Supervised(JobSpecification specification, JobData data, JobCheckpoints kept, Dictionary<string, long> refused)
    {
        var settings = SupervisedSettings.From(specification.Supervised);
        var examples = Usable(data.Supervised, item => _encoder.Example(item.Prompt, item.Response), refused);
        RequireSome(examples, "supervised", refused);
        return new SupervisedMethod(specification, settings, examples, baseModel, loader, publisher, kept);
    }

    private RewardModelMethod RewardModel(JobSpecification specification, JobData data, JobCheckpoints kept, Dictionary<string, long> refused)
    {
        var settings = RewardModelSettings.From(specification.RewardModel);
        var pairs = Usable(data.Preferences, Pair, refused);
        var ratings = Usable(data.Ratings, Rating, refused);
        if (settings.Loss == RewardLoss.Pairwise)
        {
            RequireSome([.. pairs.Where(pair => !pair.IsHeldOut)], "preferences", refused);
        }
        else
        {
            RequireSome([.. ratings.Where(rating => !rating.IsHeldOut)], "ratings", refused);
        }

        return new RewardModelMethod(specification, settings, pairs, ratings, baseModel, loader, publisher, kept);
    }

    private PpoMethod Ppo(JobSpecification specification, JobData data, JobCheckpoints kept, Dictionary<string, long> refused)
    {
        var settings = PpoSettings.From(specification.Ppo);
        RequireId(specification.Ppo.RewardModelVersion, "reward_model_version");
        RequireHead(specification.Ppo);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var prompts = Usable(
            data.Prompts,
            item =>
            {
                RequireId(item.PromptId, "prompt_id");
                _encoder.Prompt(item.Prompt);
                return ids.Add(item.PromptId) ? item : throw new RefusedItemException("repeated_prompt_id", $"'{item.PromptId}' came before.");
            },
            refused);
        RequireSome(prompts, "prompts", refused);
        return new PpoMethod(specification, settings, prompts, baseModel, catalog, loader, publisher, kept, inbox, announce);
    }

    // A version that isn't published here is one of the reward service's own folders, whose heads can't be asked for by name.
    private void RequireHead(PpoOptions options)
    {
        string[] heads = [.. catalog.Find(options.RewardModelVersion)?.Normalisation?.Heads.Select(head => head.Name) ?? []];
        if (options.RewardHead.Length > 0 && !heads.Contains(options.RewardHead))
        {
            var instead = heads.Length > 0 ? $"it has: {string.Join(", ", heads)}" : "it has none to name; leave reward_head out, or train it with head_per_source";
            throw new ArgumentException($"Reward model '{options.RewardModelVersion}' has no head '{options.RewardHead}'; {instead}.", "reward_head");
        }
    }

    private DpoMethod Dpo(JobSpecification specification, JobData data, JobCheckpoints kept, Dictionary<string, long> refused)
    {
        var settings = DpoSettings.From(specification.Dpo);
        var pairs = Usable(data.Preferences, Pair, refused);
        RequireSome([.. pairs.Where(pair => !pair.IsHeldOut)], "preferences", refused);
        return new DpoMethod(specification, settings, pairs, baseModel, loader, publisher, kept);
    }

    private EncodedPair Pair(PreferenceExample item)
    {
        if (item.PreferenceA is not (>= 0 and <= 1))
        {
            throw new ArgumentException($"A preference is {item.PreferenceA}; it must be a probability, 0 to 1.", nameof(item));
        }

        if (item.Margin is not (>= 0 and <= double.MaxValue))
        {
            throw new ArgumentException($"A margin is {item.Margin}; it must be a number, 0 or more.", nameof(item));
        }

        var (a, b) = (_encoder.Example(item.Prompt, item.ResponseA), _encoder.Example(item.Prompt, item.ResponseB));
        return new EncodedPair(a, b, item.PreferenceA, item.HeldOut) { Margin = item.Margin, Source = item.Source };
    }

    private EncodedRating Rating(RatedExample item) => double.IsFinite(item.Rating)
        ? new EncodedRating(_encoder.Example(item.Prompt, item.Response), item.Rating, item.HeldOut) { Source = item.Source }
        : throw new ArgumentException($"A rating is {item.Rating}; it must be a finite number.", nameof(item));

    private static List<TOut> Usable<TIn, TOut>(IEnumerable<TIn> items, Func<TIn, TOut> read, Dictionary<string, long> refused)
    {
        var usable = new List<TOut>();
        foreach (var item in items)
        {
            try
            {
                usable.Add(read(item));
            }
            catch (RefusedItemException refusal)
            {
                refused[refusal.Reason] = refused.GetValueOrDefault(refusal.Reason) + 1;
            }
        }

        return usable;
    }

    private static void RequireSome<T>(List<T> usable, string name, Dictionary<string, long> refused)
    {
        if (usable.Count == 0)
        {
            var reasons = refused.Count == 0 ? "none was sent" : "refused: " + string.Join(", ", refused.Select(r => $"{r.Value} {r.Key}"));
            throw new ArgumentException($"The job has no usable item in '{name}' to train on ({reasons}).", name);
        }
    }

    private static void RequireId(string id, string name)
    {
        if (string.IsNullOrWhiteSpace(id))
        {
            throw new ArgumentException($"{name} is empty.", name);
        }
    }
}
