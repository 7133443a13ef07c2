using System.Text.Json;
using Rlhf.Learner.Jobs;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Learner.Methods;

/// <summary>
/// PPO of a LoRA adapter over the queue: the generators sample, the reward service scores. After n steps the policy is
/// published as "ID/n"; "ID/0" is the baseline with an adapter that changes nothing yet.
/// </summary>
internal sealed class PpoMethod(
    JobSpecification specification,
    PpoSettings settings,
    IReadOnlyList<PromptExample> prompts,
    BaseModel baseModel,
    PolicyLoader loader,
    VersionPublisher publisher,
    RolloutInbox inbox,
    Announce announce) : ITrainingMethod
{
    /// <inheritdoc/>
    public string Name => "ppo";

    /// <inheritdoc/>
    public void Run(TrainingJob job, CancellationToken cancellationToken)
    {
        using var policy = new PpoPolicy(
            loader.Load(specification.InitialVersion), settings.LoraRank, settings.Temperature, specification.Seed);
        var schedule = new PromptSchedule<PromptExample>(prompts, new Random(Seeds.ForRandom(specification.Seed)));
        var collector = new RolloutCollector(specification, settings, schedule, baseModel.Tokenizer.Hash, inbox, announce, job.Refuse);
        var trainer = new PpoTrainer(
            policy, settings, specification.Seed, step => Publish(job, policy, step, cancellationToken), collector.Collect);
        job.Finish(trainer.Train(job, cancellationToken));
    }

    private string Publish(TrainingJob job, PpoPolicy policy, long step, CancellationToken cancellationToken)
    {
        var version = VersionPublisher.Describe(
            specification,
            $"{specification.PublishedVersion}/{step}",
            VersionKind.PolicyAdapter,
            Name,
            step,
            JsonSerializer.Serialize(settings));
        var baseName = version.BaseVersionId == ModelOptions.BaseVersion ? baseModel.Folder : version.BaseVersionId;
        publisher.Publish(version, folder => policy.Adapter.Save(folder, baseName), cancellationToken);
        job.Published(version.VersionId);
        return version.VersionId;
    }
}
