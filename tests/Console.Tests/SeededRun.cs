using System.Text.Json;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Stages;

namespace Rlhf.Console.Tests;

/// <summary>A run that waits for people, in the ledger, with rated and compared answers beside it.</summary>
internal static class SeededRun
{
    public const string Id = "rlhf-test";
    private const string Stage = StageKinds.Preferences;

    /// <summary>Text that would do harm as markup.</summary>
    public const string Script = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>";

    /// <summary>Puts it there.</summary>
    /// <param name="prompts">How many prompts; each has three answers, and three pairs of them.</param>
    public static Task AddAsync(LedgerWriter writer, int prompts) => writer.WriteAsync((ledger, _) =>
    {
        var definition = BuiltInRuns.Rlhf;
        ledger.Runs.Add(new RunRow
        {
            RunId = Id,
            Name = "rlhf",
            Seed = 7,
            Definition = RunDefinitionReader.Write(definition),
            Status = RunStatus.Running,
            CreatedUnixMs = 1_800_000_000_000,
            PromptReport = "null",
            Seconds = 12,
        });
        ledger.Stages.AddRange(definition.Stages.Select((stage, position) => new StageRow
        {
            RunId = Id,
            Name = stage.Name,
            Position = position,
            Status = position == 0 ? StageStatus.Succeeded : position == 1 ? StageStatus.Running : StageStatus.Waiting,
            Done = position == 0 ? prompts * 3 : 0,
            Wanted = position == 0 ? prompts * 3 : 0,
            Seconds = 3,
            Unit = position == 0 ? "requests" : "comparisons",
        }));
        var responses = Enumerable.Range(0, prompts).SelectMany(prompt => Enumerable.Range(0, 3).Select(answer => new ResponseRow
        {
            ResponseId = $"{Id}/responses/{prompt}#{answer}",
            RunId = Id,
            Stage = "responses",
            Step = 0,
            PromptId = $"{prompt}",
            PolicyVersion = answer == 0 ? "base" : $"{Id}/fine-tuning/v1",
            Text = $"answer {answer} to {prompt} {Script}",
            TokenCount = 5,
            IsFinished = true,
            Seed = prompt + answer,
        })).ToList();
        ledger.AddRange(responses);
        ledger.AddRange(Enumerable.Range(0, prompts).Select(prompt => new PromptRow
        {
            RunId = Id,
            PromptId = $"{prompt}",
            Position = prompt,
            Kind = PromptKind.Harmless,
            IsEvaluation = false,
            Turns = JsonSerializer.Serialize(new[] { new Turn("user", $"question {prompt} {Script}") }),
        }));
        ledger.AddRange(Enumerable.Range(0, 60).SelectMany(step => new[] { ("score", 0.01 * step), ("kl", 0.002 * step * step), ("response_length", 20.0) }.Select(figure =>
            new StepMetricRow { RunId = Id, Stage = "ppo", Step = step + 1, Name = figure.Item1, Value = figure.Item2 })));
        ledger.Add(new VersionRow
        {
            VersionId = $"{Id}/fine-tuning/v1",
            RunId = Id,
            Kind = "PolicyAdapter",
            BaseVersionId = "base",
            Method = "sft",
            Step = 10,
            Seed = 7,
            OptionsJson = "{}",
            SoftwareVersion = "0.1.0",
            CreatedUnixMs = 1_800_000_000_000,
        });
        ledger.Add(new VersionRow
        {
            VersionId = $"{Id}/reward-model/v1",
            RunId = Id,
            Kind = "RewardModel",
            BaseVersionId = "base",
            Method = "reward",
            Step = 10,
            Seed = 7,
            OptionsJson = "{}",
            SoftwareVersion = "0.1.0",
            CreatedUnixMs = 1_800_000_000_000,
        });
        foreach (var response in responses)
        {
            ledger.Add(new ScoreRow { ResponseId = response.ResponseId, RewardModelVersion = $"{Id}/reward-model/v1", RunId = Id, Raw = 0.5, Normalised = 1, Rating = 1100 });
        }

        // The judge prefers fine-tuned answers, nine to one.
        for (var prompt = 0; prompt < prompts; prompt++)
        {
            ledger.Add(new ComparisonRow
            {
                MessageId = $"{Id}/{Stage}/judged-{prompt}",
                RunId = Id,
                Stage = Stage,
                PromptId = $"{prompt}",
                ResponseAId = $"{Id}/responses/{prompt}#0",
                ResponseBId = $"{Id}/responses/{prompt}#1",
                PreferenceA = 0.1,
                ProbabilityAFirst = 0.2,
                ProbabilityASecond = 0.9,
                SamePosition = false,
                PrincipleId = "kind",
                JudgeVersion = "judge-1",
                TemplateHash = "t0",
                Seed = 3,
            });
        }

        long SeedFor(string purpose) => Seeds.Derive(7, purpose);
        var plan = LabellingPlan.Of(
            Id, Stage, new PreferencesOptions { By = ComparedBy.People, Labels = 60, OverlapShare = 0, RepeatShare = 0 },
            [.. PairPlan.Of(responses, SeedFor)], SeedFor, DateTimeOffset.UtcNow);
        ledger.Add(plan.Labelling);
        ledger.AddRange(plan.Pairs);
        return Task.CompletedTask;
    }, TestContext.Current.CancellationToken);
}
