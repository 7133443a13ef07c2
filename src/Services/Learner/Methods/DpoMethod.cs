using System.Text.Json;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Dpo;
using Rlhf.Learner.Jobs;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Learner.Methods;

/// <summary>Direct preference optimization, published as an adapter or, with full fine-tuning, as a whole policy.</summary>
internal sealed class DpoMethod(
    JobSpecification specification,
    DpoSettings settings,
    IReadOnlyList<EncodedPair> pairs,
    BaseModel baseModel,
    PolicyLoader loader,
    VersionPublisher publisher,
    JobCheckpoints checkpoints) : ITrainingMethod
{
    /// <inheritdoc/>
    public string Name => "dpo";

    /// <inheritdoc/>
    public void Run(TrainingJob job, CancellationToken cancellationToken)
    {
        var model = loader.Load(specification.InitialVersion);
        using var policy = settings.FullFineTuning
            ? TrainablePolicy.Whole(model, baseline: null) // read before the first update only
            : TrainablePolicy.WithNewAdapter(model, settings.LoraRank, specification.Seed);
        job.Finish(new DpoTrainer(policy, pairs, settings, specification.Seed).Train(job, cancellationToken, checkpoints.Fit(Name)));
        var version = VersionPublisher.Describe(
            specification, specification.PublishedVersion, policy.Kind, Name, step: 0, JsonSerializer.Serialize(settings));
        publisher.Publish(version, folder => Save(policy, version.BaseVersionId, folder), cancellationToken);
        job.Published(version.VersionId);
    }

    private void Save(TrainablePolicy policy, string baseVersionId, string folder)
    {
        if (policy.Adapter is { } adapter)
        {
            adapter.Save(folder, baseVersionId == ModelOptions.BaseVersion ? baseModel.Folder : baseVersionId);
        }
        else
        {
            policy.Model.Save(folder, baseModel.BosId, baseModel.Tokenizer.EosId);
        }
    }
}
