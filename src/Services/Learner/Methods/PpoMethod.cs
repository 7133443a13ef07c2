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
/// PPO of a LoRA adapter, or of all weights, over the queue: the generators sample, the reward service scores. After n steps the policy is
/// published as "ID/n"; "ID/0" is the baseline with an adapter that changes nothing yet. A job that was cut off goes on from
/// the newest step that it published, to the bit as if nothing had happened; a published version never changes.
/// </summary>
internal sealed class PpoMethod(
    JobSpecification specification,
    PpoSettings settings,
    IReadOnlyList<PromptExample> prompts,
    BaseModel baseModel,
    VersionCatalog catalog,
    PolicyLoader loader,
    VersionPublisher publisher,
    TrainingState state,
    RolloutInbox inbox,
    Announce announce) : ITrainingMethod
{
    /// <inheritdoc/>
    public string Name => "ppo";

    /// <inheritdoc/>
    public void Run(TrainingJob job, CancellationToken cancellationToken)
    {
        var (policy, resumed) = Load();
        using (policy)
        {
            var schedule = new PromptSchedule<PromptExample>(prompts, new Random(Seeds.ForRandom(specification.Seed)));
            var collector = new RolloutCollector(specification, settings, schedule, baseModel.Tokenizer.Hash, inbox, announce, job.Refuse);
            // A job that was cut off after its last step has no step left.
            var goesOn = resumed?.Step < settings.Steps ? resumed : null;
            if (goesOn is not null)
            {
                collector.SkipSteps(goesOn.Step, state.RemovalsUpTo(goesOn.Step));
            }

            var trainer = new PpoTrainer(
                policy,
                settings,
                specification.Seed,
                resumed,
                goesOn is null ? null : optimizer => state.Restore(goesOn.Step, optimizer),
                (step, beta, optimizer) => Publish(job, policy, step, beta, () => state.Save(step, optimizer, collector.Removals), cancellationToken),
                collector.Collect)
            { Warn = job.Warn };
            job.Finish(trainer.Train(job, cancellationToken));
            state.Delete();
        }
    }

    private (PpoPolicy Policy, PpoCheckpoint? Resumed) Load()
    {
        var model = loader.Load(specification.InitialVersion);
        var newest = Enumerable.Range(0, settings.Steps + 1).Select(step => catalog.Find(VersionId(step)))
            .LastOrDefault(version => version?.Provenance?.JobId == specification.JobId);
        if (newest is null)
        {
            return (PpoPolicy.Create(model, settings, specification.Seed, () => loader.Load(specification.InitialVersion)), null);
        }

        using var folder = loader.Materialise(newest);
        var checkpoint = PpoCheckpoint.Load(folder.Path);
        return (PpoPolicy.Resume(model, folder.Path, checkpoint, settings), checkpoint);
    }

    private string Publish(TrainingJob job, PpoPolicy policy, long step, double beta, Action saveState, CancellationToken cancellationToken)
    {
        var version = VersionPublisher.Describe(
            specification, VersionId(step), policy.Kind, Name, step, JsonSerializer.Serialize(settings));
        if (catalog.Find(version.VersionId) is null)
        {
            saveState(); // first: a published step can always be gone on from
            var baseName = version.BaseVersionId == ModelOptions.BaseVersion ? baseModel.Folder : version.BaseVersionId;
            publisher.Publish(version, folder => policy.Save(folder, baseName, (baseModel.BosId, baseModel.Tokenizer.EosId), step, beta), cancellationToken);
        }

        job.Published(version.VersionId);
        return version.VersionId;
    }

    private string VersionId(long step) => $"{specification.PublishedVersion}/{step}";
}
