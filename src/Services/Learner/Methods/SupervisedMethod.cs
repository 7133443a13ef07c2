using System.Text.Json;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Jobs;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.V1;

namespace Rlhf.Learner.Methods;

/// <summary>Supervised fine-tuning of a whole policy, published in Hugging Face layout.</summary>
internal sealed class SupervisedMethod(
    JobSpecification specification,
    SupervisedSettings settings,
    IReadOnlyList<EncodedExample> examples,
    BaseModel baseModel,
    PolicyLoader loader,
    VersionPublisher publisher,
    JobCheckpoints checkpoints) : ITrainingMethod
{
    /// <inheritdoc/>
    public string Name => "sft";

    /// <inheritdoc/>
    public void Run(TrainingJob job, CancellationToken cancellationToken)
    {
        using var model = loader.Load(specification.InitialVersion);
        job.Finish(SupervisedTrainer.Train(model, examples, settings, specification.Seed, job, cancellationToken, checkpoints.Fit(Name)));
        var version = VersionPublisher.Describe(
            specification, specification.PublishedVersion, VersionKind.Policy, Name, step: 0, JsonSerializer.Serialize(settings));
        publisher.Publish(version, folder => model.Save(folder, baseModel.BosId, baseModel.Tokenizer.EosId), cancellationToken);
        job.Published(version.VersionId);
    }
}
