using System.Text.Json;
using Rlhf.Learner.Checkpoints;
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
/// PPO of a LoRA adapter, or of all weights, over the queue: the generators sample, the reward service scores. After n steps the policy is
/// published as "ID/n"; "ID/0" is the baseline with an adapter that changes nothing yet. A job that was cut off goes on from
/// the newest step that it kept, to the bit as if nothing had happened; a published version never changes.
/// </summary>
internal sealed class PpoMethod(
    JobSpecification specification,
    PpoSettings settings,
    IReadOnlyList<PromptExample> prompts,
    BaseModel baseModel,
    VersionCatalog catalog,
    PolicyLoader loader,
    VersionPublisher publisher,
    JobCheckpoints checkpoints,
    RolloutInbox inbox,
    Announce announce) : ITrainingMethod
{
    private readonly TrainingState _state = new(checkpoints);

    /// <inheritdoc/>
    public string Name => "ppo";

    /// <inheritdoc/>
    public void Run(TrainingJob job, CancellationToken cancellationToken)
    {
        checkpoints.Describe(new JobRecord(
            specification.JobId, specification.RunId, Name, specification.Seed, specification.InitialVersion, baseModel.Folder,
            JsonSerializer.SerializeToElement(settings)));
        var newest = _state.Newest();
        var progress = newest is null ? new PpoProgress() : TrainingState.ProgressOf(newest);
        var steps = new KeptSteps(job, _state, progress, checkpoints.Inbox);
        steps.Repeat();
        var schedule = new PromptSchedule<PromptExample>(prompts, new Random(Seeds.ForRandom(specification.Seed)));
        var collector = new RolloutCollector(
            specification, settings, schedule, baseModel.Tokenizer.Hash, inbox, announce, steps.Refuse, checkpoints.Inbox);
        collector.SkipSteps(newest?.Number ?? 0, progress.Removals);
        var (policy, resumed) = Load(newest);
        using (policy)
        {
            var trainer = new PpoTrainer(
                policy,
                settings,
                specification.Seed,
                resumed,
                newest is null ? null : optimizer => OptimizerMoments.Restore(optimizer, newest.Folder),
                (step, beta, optimizer) =>
                {
                    void Save(string folder) => policy.Save(folder, BaseName, (baseModel.BosId, baseModel.Tokenizer.EosId), step, beta);
                    if (step != newest?.Number)
                    {
                        _state.Save(step, Save, optimizer, progress); // first: a published step can always be gone on from
                    }

                    return Publish(job, policy.Kind, step, Save, cancellationToken);
                },
                (step, version, token) => steps.Collect(collector, step, version, token))
            { Warn = steps.Warn, Earlier = progress.Steps };
            job.Finish(progress.Complete(trainer.Train(steps, cancellationToken)));
        }
    }

    private string BaseName => specification.InitialVersion.Length == 0 || specification.InitialVersion == ModelOptions.BaseVersion
        ? baseModel.Folder
        : specification.InitialVersion;

    private (PpoPolicy Policy, PpoCheckpoint? Resumed) Load(Checkpoint? newest)
    {
        var model = loader.Load(specification.InitialVersion);
        if (newest is null)
        {
            return (PpoPolicy.Create(model, settings, specification.Seed, () => loader.Load(specification.InitialVersion)), null);
        }

        var checkpoint = PpoCheckpoint.Load(newest.Folder);
        return (PpoPolicy.Resume(model, newest.Folder, checkpoint, settings), checkpoint);
    }

    private string Publish(TrainingJob job, VersionKind kind, long step, Action<string> save, CancellationToken cancellationToken)
    {
        var version = VersionPublisher.Describe(
            specification, VersionId(step), kind, Name, step, JsonSerializer.Serialize(settings));
        if (catalog.Find(version.VersionId) is { } published)
        {
            publisher.Announce(published, cancellationToken); // perhaps cut off before the news was out
        }
        else
        {
            publisher.Publish(version, save, cancellationToken);
        }

        job.Published(version.VersionId);
        return version.VersionId;
    }

    private string VersionId(long step) => $"{specification.PublishedVersion}/{step}";
}
