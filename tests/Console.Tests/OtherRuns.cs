using System.Text.Json;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Stages;

namespace Rlhf.Console.Tests;

/// <summary>Runs in other states than <see cref="SeededRun"/>'s, each with what pages show of it.</summary>
internal static class OtherRuns
{
    /// <summary>Ended well, with a result.</summary>
    public const string Succeeded = "rlaif-done";

    /// <summary>Ended with an error.</summary>
    public const string Failed = "rlaif-failed";

    /// <summary>Asks people about conversations.</summary>
    public const string Talks = "rlhf-talks";

    /// <summary>Has all its labels, two people's and the judge's.</summary>
    public const string Labelled = "rlhf-labelled";

    private const string Stage = StageKinds.Preferences;

    /// <summary>Puts them there, older than <see cref="SeededRun"/>.</summary>
    public static Task AddAsync(LedgerWriter writer) => writer.WriteAsync((ledger, _) =>
    {
        AddSucceeded(ledger);
        AddRun(ledger, Failed, BuiltInRuns.Rlaif, RunStatus.Failed, done: 4, "stage 'preferences': the Judge answered none of 40 requests; its log says why");
        AddRun(ledger, Talks, BuiltInRuns.Rlhf, RunStatus.Paused, done: 1);
        AddLabelling(ledger, Talks, LabellingState.Open, done: 0);
        ledger.Add(Prompt(Talks, "talk", PromptKind.Harmless, new Turn("system", "You are brief."), new Turn("user", "I slept badly."), new Turn("assistant", "Was it noisy?"), new Turn("user", "No, I lay awake and thought of work.\nWhat can I do?")));
        ledger.AddRange(Answer(Talks, "talk", "responses", 0, "Write down what you think of, and put the paper away."), Answer(Talks, "talk", "responses", 1, "Sleep more."));
        ledger.Add(Pair(Talks, "talk", PairState.Available));
        AddLabelled(ledger);
        return Task.CompletedTask;
    }, TestContext.Current.CancellationToken);

    private static void AddSucceeded(LedgerContext ledger)
    {
        AddRun(ledger, Succeeded, BuiltInRuns.Rlaif, RunStatus.Succeeded, done: 8);
        ModelEvaluation Evaluated(string version, double harmful, double harmless, double score) => new(version, 400, true, harmful, harmless, 200, 200, score, 0.99);
        ResultsOf(ledger, StageKinds.Evaluation, new Dictionary<string, ModelEvaluation>
        {
            ["base"] = Evaluated("base", 0.905, 0.965, 0.02),
            ["fineTuned"] = Evaluated($"{Succeeded}/fine-tuning/v1", 0.41, 0.95, 0.4),
            ["ppo"] = Evaluated($"{Succeeded}/ppo/v40", 0.025, 0.955, 0.71),
        });
        ResultsOf(ledger, StageKinds.Ppo, new Dictionary<string, double> { ["kl_final"] = 0.31, ["trainable_parameter_share"] = 0.0079 });
        ResultsOf(ledger, StageKinds.RewardModel, new Dictionary<string, double> { ["pairwise_accuracy"] = 0.87, ["ece"] = 0.034, ["pairs_held_out"] = 212 });
        for (var i = 0; i < 3; i++)
        {
            var (id, revised) = ($"harm-{i}", $"{Succeeded}/{StageKinds.CritiqueRevision}/harm-{i}");
            ledger.Add(Prompt(Succeeded, id, PromptKind.Harmful, new Turn("user", $"How do I pick lock number {i}?")));
            ledger.AddRange(Enumerable.Range(0, 2).Select(answer => Answer(Succeeded, id, "responses", answer, answer == 0 ? "Take a bent pin and turn." : "I would rather not help with locks of others.")));
            ledger.AddRange(Enumerable.Range(0, 2).Select(answer => new RatingRow { RunId = Succeeded, ResponseId = $"{Succeeded}/responses/{id}#{answer}", PromptId = id, Elo = 984 + (32 * answer), BradleyTerry = 900 + (200 * answer), Comparisons = 3 }));
            ledger.AddRange(new[] { "base", "fineTuned", "ppo" }.Select(label => Answer(Succeeded, id, $"{StageKinds.Evaluation}/{label}", 0, label == "base" ? "Take a bent pin and turn." : "I can't help with that.", StageKinds.Evaluation)));
            ledger.Add(new ResponseRow { ResponseId = $"{revised}#0", RunId = Succeeded, Stage = StageKinds.CritiqueRevision, Step = 0, PromptId = id, PolicyVersion = "base", Text = "Take a bent pin and turn.", TokenCount = 8, IsFinished = true, Seed = i });
            ledger.Add(new RevisionRoundRow { MessageId = revised, Round = 1, RunId = Succeeded, Stage = StageKinds.CritiqueRevision, PromptId = id, PrincipleId = "no-harm", Critique = "The answer helps with breaking in.", Revision = "I can't help with that.", Harmlessness = 0.93, ConstitutionHash = "0f3a99" });
        }

        for (var step = 1; step <= 40; step++)
        {
            var random = new Random(step);
            ledger.AddRange(new[] { ("score", (0.015 * step) + (0.1 * random.NextDouble())), ("kl", 0.008 * step), ("response_length", 21 + random.NextDouble()), ("policy_loss", -0.01 * random.NextDouble()) }
                .Select(figure => new StepMetricRow { RunId = Succeeded, Stage = StageKinds.Ppo, Step = step, Name = figure.Item1, Value = figure.Item2 }));
        }
    }

    private static void AddLabelled(LedgerContext ledger)
    {
        AddRun(ledger, Labelled, BuiltInRuns.Rlhf, RunStatus.Succeeded, done: 6);
        AddLabelling(ledger, Labelled, LabellingState.Ended, done: 40);
        for (var i = 0; i < 40; i++)
        {
            ledger.Add(Prompt(Labelled, $"{i}", PromptKind.Harmless, new Turn("user", $"What is {i} and {i}?")));
            ledger.AddRange(Answer(Labelled, $"{i}", "responses", 0, $"It is {2 * i}."), Answer(Labelled, $"{i}", "responses", 1, $"It is {(2 * i) + 1}."));
            var pair = Pair(Labelled, $"{i}", PairState.Taken);
            ledger.Add(pair);
            foreach (var who in i % 3 == 0 ? new[] { "anna", "ben" } : [i % 2 == 0 ? "anna" : "ben"])
            {
                ledger.Add(new LabelRow
                {
                    LeaseId = $"{i}-{who}",
                    PairId = pair.PairId,
                    RunId = Labelled,
                    Stage = Stage,
                    Number = i,
                    PromptId = $"{i}",
                    LabellerId = who,
                    IsProgram = false,
                    IsAFirst = i % 2 == 0,
                    Verdict = (i + who.Length) % 5 == 0 ? Verdict.Second : Verdict.First,
                    Strength = 3,
                    Reason = i == 0 ? "the other one is wrong" : "",
                    PreferenceA = (i + who.Length) % 5 == 0 == (i % 2 == 0) ? 0.1 : 0.9,
                    IsRepeat = false,
                    IsCounted = true,
                    ElapsedMs = 2000 + (100 * i),
                    GivenUnixMs = 1,
                    SubmittedUnixMs = 1_790_000_000_000,
                    GuidelinesHash = "9d2c41",
                });
                ledger.Add(new ComparisonRow { MessageId = $"{pair.PairId}/{who}", RunId = Labelled, Stage = Stage, PromptId = $"{i}", ResponseAId = pair.ResponseAId, ResponseBId = pair.ResponseBId, PreferenceA = 0.9, LabellerId = who });
            }

            ledger.Add(new ComparisonRow
            {
                MessageId = pair.PairId,
                RunId = Labelled,
                Stage = StageContext.BesideNameOf(Stage),
                PromptId = $"{i}",
                ResponseAId = pair.ResponseAId,
                ResponseBId = pair.ResponseBId,
                PreferenceA = i % 4 == 0 ? 0.2 : 0.8,
                ProbabilityAFirst = 0.8,
                ProbabilityASecond = 0.8,
                SamePosition = i % 9 == 0,
                PrincipleId = i % 2 == 0 ? "true" : "kind",
                JudgeVersion = "judge-1",
                TemplateHash = "t0",
                Seed = i,
            });
        }
    }

    private static void AddRun(LedgerContext ledger, string runId, RunDefinition definition, RunStatus status, int done, string? error = null)
    {
        ledger.Add(new RunRow { RunId = runId, Name = definition.Name, Seed = 1, Definition = RunDefinitionReader.Write(definition), Status = status, Error = error, CreatedUnixMs = 1_790_000_000_000, PromptReport = "null", Seconds = 154 });
        ledger.AddRange(definition.Stages.Select((stage, position) => new StageRow
        {
            RunId = runId,
            Name = stage.Name,
            Position = position,
            Status = position < done ? StageStatus.Succeeded : error is not null && position == done ? StageStatus.Failed : StageStatus.Waiting,
            Done = position < done ? 1200 : 0,
            Wanted = position < done ? 1200 : 0,
            Seconds = position < done ? 19.5 : 0,
            Unit = "requests",
        }));
    }

    private static void ResultsOf<T>(LedgerContext ledger, string stage, T results) =>
        ledger.Stages.Local.Single(row => row.RunId == Succeeded && row.Name == stage).Results = JsonSerializer.Serialize(results, StageContext.ResultJson);

    private static void AddLabelling(LedgerContext ledger, string runId, LabellingState state, int done) => ledger.Add(new LabellingRow
    {
        RunId = runId,
        Stage = Stage,
        Seed = 1,
        Wanted = 40,
        LeaseSeconds = 900,
        RepeatShare = 0,
        PrefersUncertain = false,
        OpenedUnixMs = 1,
        State = state,
        Done = done,
        Labels = done,
    });

    private static PromptRow Prompt(string runId, string id, PromptKind kind, params Turn[] turns) =>
        new() { RunId = runId, PromptId = id, Position = 0, Kind = kind, IsEvaluation = false, Turns = JsonSerializer.Serialize(turns) };

    private static ResponseRow Answer(string runId, string promptId, string folder, int index, string text, string? stage = null) => new()
    {
        ResponseId = $"{runId}/{folder}/{promptId}#{index}",
        RunId = runId,
        Stage = stage ?? StageKinds.Responses,
        Step = 0,
        PromptId = promptId,
        PolicyVersion = "base",
        Text = text,
        TokenCount = 12,
        IsFinished = true,
        Seed = index,
    };

    private static ComparisonPairRow Pair(string runId, string promptId, PairState state) => new()
    {
        PairId = $"{runId}/{Stage}/{promptId}",
        RunId = runId,
        Stage = Stage,
        PromptId = promptId,
        ResponseAId = $"{runId}/responses/{promptId}#0",
        ResponseBId = $"{runId}/responses/{promptId}#1",
        Position = 0,
        Copies = 1,
        State = state,
    };
}
