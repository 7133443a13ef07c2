using System.Globalization;
using System.Text.Json;
using Rlhf.Artifacts;
using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.ServiceDefaults;
using Rlhf.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Learner.Replays;

/// <summary>Recomputes a step of a PPO job from the state before it and its rollouts, and compares it with what was logged.</summary>
/// <param name="record">The job.</param>
/// <param name="checkpoints">What is kept of it.</param>
/// <param name="data">Where the versions are.</param>
internal sealed class StepReplay(JobRecord record, JobCheckpoints checkpoints, DataFolder data)
{
    private readonly TrainingState _state = new(checkpoints);

    /// <summary>Recomputes the step, with as many threads as then.</summary>
    /// <param name="step">Its number, from 1.</param>
    /// <returns>Every logged figure but those of time, then every file of the state after the step.</returns>
    /// <exception cref="InvalidDataException">What it is recomputed from is not kept, or not whole.</exception>
    /// <exception cref="TrainingException">The step can't be recomputed.</exception>
    public IReadOnlyList<ComparedFigure> Run(long step)
    {
        var before = Require(_state.Find(step - 1), $"the state after step {step - 1}");
        var after = Require(_state.Find(step), $"the state after step {step}");
        var collected = Require(_state.RolloutsOf(step), $"the rollouts of step {step}");
        var settings = record.Settings.Deserialize<PpoSettings>() ?? throw new InvalidDataException("The job's options are missing.");
        var logged = TrainingState.ProgressOf(after).Steps.Single(done => done.Step == step).Values;
        Threads = after.Manifest.Threads;
        set_num_threads(Threads);
        using var scope = NewDisposeScope();
        var checkpoint = PpoCheckpoint.Load(before.Folder);
        using var policy = PpoPolicy.Resume(LoadBaseline(), before.Folder, checkpoint, settings);
        var tokenizer = TextTokenizer.Load(record.ModelFolder);
        var specialTokens = (tokenizer.BosId ?? tokenizer.EosId, tokenizer.EosId);
        var recomputed = new LastStep();
        using var folder = data.CreateTemporary();

        string Publish(long done, double beta, AdamWOptimizer optimizer)
        {
            if (done < step)
            {
                return collected.PolicyVersion;
            }

            TrainingState.Write(folder.Path, path => policy.Save(path, BaseName, specialTokens, done, beta), optimizer, new PpoProgress());
            throw new OperationCanceledException(); // one step is all that is wanted
        }

        var trainer = new PpoTrainer(
            policy,
            settings,
            record.Seed,
            checkpoint,
            optimizer => OptimizerMoments.Restore(optimizer, before.Folder),
            Publish,
            (_, _, _) => collected.Rollouts);
        try
        {
            trainer.Train(recomputed, CancellationToken.None);
        }
        catch (OperationCanceledException) when (recomputed.Figures is not null)
        {
        }

        return [.. Figures(logged, recomputed.Figures ?? logged), .. Files(after, folder.Path)];
    }

    /// <summary>Threads of tensor operations that the step was computed with.</summary>
    public int Threads { get; private set; }

    private string BaseName => IsBase ? record.ModelFolder : record.InitialVersion;

    private bool IsBase => record.InitialVersion.Length == 0 || record.InitialVersion == ModelOptions.BaseVersion;

    private CausalLanguageModel LoadBaseline()
    {
        if (IsBase)
        {
            return CausalLanguageModel.Load(record.ModelFolder);
        }

        var loader = new PolicyLoader(
            new BaseModel(new ModelOptions { Path = record.ModelFolder }), new VersionCatalog(data.Versions), new ArtifactStore(data.Artifacts), data);
        return loader.Load(record.InitialVersion);
    }

    private static IEnumerable<ComparedFigure> Figures(IReadOnlyDictionary<string, double> logged, IReadOnlyDictionary<string, double> recomputed) =>
        logged.Keys.Union(recomputed.Keys).Where(name => !IsOfTime(name) && !IsOfOthers(name)).Order(StringComparer.Ordinal)
            .Select(name => new ComparedFigure(name, Text(logged, name), Text(recomputed, name)));

    private static IEnumerable<ComparedFigure> Files(Checkpoint after, string folder)
    {
        var written = CheckpointManifest.Write(folder, after.Number, "", after.Manifest.Threads).Files;
        return after.Manifest.Files.Where(file => file.Key != TrainingState.ProgressName).Select(file => new ComparedFigure(
            file.Key, file.Value.Sha256, written.GetValueOrDefault(file.Key)?.Sha256));
    }

    // How long it took is another thing each time.
    private static bool IsOfTime(string name) => name.EndsWith("seconds", StringComparison.Ordinal) || name.EndsWith("per_second", StringComparison.Ordinal);

    // Whoever evaluates is not asked again.
    private static bool IsOfOthers(string name) => name.StartsWith(PpoAlarms.EvaluationPrefix, StringComparison.Ordinal);

    // "R" gives two numbers the same text only where they are the same to the bit.
    private static string? Text(IReadOnlyDictionary<string, double> figures, string name) =>
        figures.TryGetValue(name, out var value) ? value.ToString("R", CultureInfo.InvariantCulture) : null;

    private T Require<T>(T? kept, string what)
        where T : class => kept ?? throw new InvalidDataException(
            $"Of job {record.JobId}, {what} is not kept or not whole; kept are the states after steps {string.Join(", ", checkpoints.Steps.Numbers.Reverse())}.");

    private sealed class LastStep : IProgress<TrainingStep>
    {
        public IReadOnlyDictionary<string, double>? Figures { get; private set; }

        public void Report(TrainingStep value) => Figures = value.Values;
    }
}
