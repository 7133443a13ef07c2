using Rlhf.DataFiles;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.CommandLine.Rewards;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.PolicyOptimization;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Learner.CommandLine;

/// <summary>
/// <c>train ppo</c>: proximal policy optimization of an adapter, with sampling and scoring in this process. Before the first step,
/// responses of the baseline are scored: their mean becomes 0 and their spread 1. After the last one as many of the policy's are.
/// </summary>
internal static class PpoTraining
{
    /// <summary>The method's name.</summary>
    public const string Method = "ppo";

    private const string AdapterName = ".adapter"; // of the step under way, below the output folder
    private const long BaselineStep = 0;
    private const long FinalStep = -1; // steps count from 1

    /// <summary>Trains, and writes the adapter in PEFT's layout, or the whole model.</summary>
    /// <exception cref="InvalidDataException">The prompts or the reward model can't be used.</exception>
    /// <exception cref="TrainingException">Scoring failed, or a number is not finite.</exception>
    public static void Run(LocalTraining training, PpoConfig config, CancellationToken cancellationToken)
    {
        var files = MixtureReader.Read(config, config.Data, (_, json) => Encode(training, PromptRows.Parse(json)), training.Tell);
        LocalPrompt[] prompts = [.. config.Prompts.Select(text => Encode(training, new Prompt { Text = text })).Concat(files.Training).DistinctBy(prompt => prompt.Text)];
        for (var i = 0; i < prompts.Length; i++)
        {
            prompts[i] = prompts[i] with { Id = $"prompt {i + 1}" };
        }

        using var reward = Reward(config.Reward, training.Base.Tokenizer);
        using var rollouts = new LocalRollouts(config.Model, training.Base.Tokenizer, training.Threads, reward, config.Settings, config.Seed);
        var baseline = Statistics(rollouts.Collect(BaselineStep, prompts, config.BaselineResponses, cancellationToken));
        rollouts.Normalisation = baseline;
        training.Tell(FormattableString.Invariant($"The baseline's reward is {baseline.Mean:g4}, with a spread of {baseline.StandardDeviation:g4} over {config.BaselineResponses} responses."));

        var settings = config.Settings;
        var state = new TrainingState(training.Checkpoints(files.Records));
        var newest = state.Newest();
        var progress = newest is null ? new PpoProgress() : TrainingState.ProgressOf(newest);
        progress.Steps.ForEach(training.Report);
        progress.Warnings.ForEach(training.Tell);
        var checkpoint = newest is null ? null : PpoCheckpoint.Load(newest.Folder);
        var model = training.LoadModel();
        using var policy = newest is null || checkpoint is null
            ? PpoPolicy.Create(model, settings, config.Seed, training.LoadModel)
            : PpoPolicy.Resume(model, newest.Folder, checkpoint, settings);
        var schedule = new PromptSchedule<LocalPrompt>(prompts, new Random(Seeds.ForRandom(config.Seed)));
        IReadOnlyList<LocalPrompt> NextPrompts() => schedule.Next((settings.RolloutsPerStep + settings.SamplesPerPrompt - 1) / settings.SamplesPerPrompt);
        for (var step = 0L; step < (newest?.Number ?? 0); step++)
        {
            NextPrompts();
        }

        using var adapter = new TemporaryFolder(Path.Combine(training.Folder.Root, AdapterName));
        var trainer = new PpoTrainer(
            policy,
            settings,
            config.Seed,
            checkpoint,
            newest is null ? null : optimizer => OptimizerMoments.Restore(optimizer, newest.Folder),
            (step, beta, optimizer) =>
            {
                void Save(string folder) => policy.Save(folder, config.Model, (training.Base.BosId, training.Base.Tokenizer.EosId), step, beta);
                if (step != newest?.Number)
                {
                    state.Save(step, Save, optimizer, progress);
                }

                Save(adapter.Path);
                rollouts.Take(adapter.Path);
                return $"{step}";
            },
            (step, _, token) => rollouts.Collect(step, NextPrompts(), settings.RolloutsPerStep, token))
        {
            Earlier = progress.Steps,
            Warn = warning =>
            {
                progress.Warnings.Add(warning);
                training.Tell(warning);
            },
        };
        var results = new Dictionary<string, double>(progress.Complete(trainer.Train(new WithReward(training, progress, rollouts), cancellationToken)))
        {
            ["reward_baseline"] = baseline.Mean,
            ["reward_baseline_spread"] = baseline.StandardDeviation,
        };
        AddFinal(results, policy, rollouts.Collect(FinalStep, prompts, config.BaselineResponses, cancellationToken), rollouts);
        training.Finish(
            folder =>
            {
                CopyFiles(adapter.Path, folder);
                if (settings.FullFineTuning)
                {
                    training.Base.CopyTokenizer(folder);
                }
            },
            files.Records,
            results,
            baseline);
    }

    private static LocalPrompt Encode(LocalTraining training, Prompt prompt) => new(
        "",
        prompt.ContentCase == Prompt.ContentOneofCase.Text
            ? prompt.Text
            : Transcript.Render([.. prompt.Conversation.Messages.Select(message => new ConversationTurn(message.Role, message.Content))]),
        training.Encoder.Prompt(prompt));

    private static IReward Reward(RewardSource source, TextTokenizer tokenizer) =>
        source.Model.Length > 0 ? new FolderReward(source.Model, source.Head, tokenizer)
        : source.Command.Length > 0 ? new CommandReward(source.Command)
        : new ShortSentences(source.Words);

    private static Standardisation Statistics(IReadOnlyList<Rollout> baseline)
    {
        try
        {
            return Standardisation.Measure([.. baseline.Select(rollout => rollout.Score)]);
        }
        catch (ArgumentException exception)
        {
            throw new TrainingException($"The baseline's rewards can't be normalised: {exception.Message} A reward must tell responses apart.");
        }
    }

    private static void AddFinal(Dictionary<string, double> results, PpoPolicy policy, IReadOnlyList<Rollout> final, LocalRollouts rollouts)
    {
        var reading = policy.Read(final);
        results["reward_final"] = rollouts.LastReward;
        results["reward_gain_in_spreads"] = final.Average(rollout => rollout.Score);
        results["kl_after"] = reading.PolicyLogprobs.Zip(reading.ReferenceLogprobs, (policyRow, referenceRow) => policyRow.Sum() - (double)referenceRow.Sum()).Average();
    }

    private static void CopyFiles(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    /// <summary>Adds the reward as it came to each step's figures, and keeps account of them for the next start.</summary>
    private sealed class WithReward(IProgress<TrainingStep> training, PpoProgress progress, LocalRollouts rollouts) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value)
        {
            var step = value with { Values = new Dictionary<string, double>(value.Values) { ["reward"] = rollouts.LastReward } };
            progress.Steps.Add(step);
            training.Report(step);
        }
    }
}
