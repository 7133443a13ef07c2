using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Console.Tests;

/// <summary>
/// A run in the ledger that waits for people: four answers to each prompt, each pair of them compared twice, by two versions of a judge or,
/// for two prompts of five, once by a judge and once by a person (every tenth by two). All other pairs are left to label.
/// </summary>
internal static class LargeLedger
{
    public const string RunId = "large";

    /// <summary>Answers to a prompt; three times as many comparisons.</summary>
    public const int AnswersPerPrompt = 4;

    private const string Stage = StageKinds.Preferences;
    private const int PromptsAtOnce = 1000;
    private const long Began = 1_800_000_000_000;
    private static readonly (int First, int Second)[] _pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
    private static readonly string[] _people = ["anna", "ben", "carla", "dora", "emil"];

    /// <summary>Puts it there.</summary>
    public static async Task AddAsync(IDbContextFactory<LedgerContext> contexts, int prompts, CancellationToken cancellationToken)
    {
        // By the thousand and without the writer's queue: this is no test of writing.
        for (var start = 0; start < prompts; start += PromptsAtOnce)
        {
            await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
            ledger.ChangeTracker.AutoDetectChangesEnabled = false;
            if (start == 0)
            {
                AddRun(ledger, prompts);
            }

            foreach (var prompt in Enumerable.Range(start, Math.Min(PromptsAtOnce, prompts - start)))
            {
                AddPrompt(ledger, prompt);
            }

            await ledger.SaveChangesAsync(cancellationToken);
        }
    }

    private static bool IsLabelled(int prompt) => prompt % 5 < 2;

    private static void AddRun(LedgerContext ledger, int prompts)
    {
        var (answers, pairs) = (prompts * AnswersPerPrompt, prompts * _pairs.Length);
        var labels = Enumerable.Range(0, prompts).Count(IsLabelled) * _pairs.Length;
        ledger.Add(new RunRow
        {
            RunId = RunId,
            Name = "large",
            Seed = 1,
            Definition = RunDefinitionReader.Write(BuiltInRuns.Rlhf),
            Status = RunStatus.Running,
            CreatedUnixMs = Began,
            PromptReport = "null",
        });
        ledger.AddRange(BuiltInRuns.Rlhf.Stages.Select((stage, position) => new StageRow
        {
            RunId = RunId,
            Name = stage.Name,
            Position = position,
            Status = position switch { 0 => StageStatus.Succeeded, 1 => StageStatus.Running, _ => StageStatus.Waiting },
            Done = position switch { 0 => answers, 1 => labels, _ => 0 },
            Wanted = position switch { 0 => answers, 1 => pairs, _ => 0 },
            Unit = position == 0 ? "requests" : "comparisons",
        }));
        ledger.Add(new LabellingRow
        {
            RunId = RunId,
            Stage = Stage,
            Seed = 1,
            Wanted = pairs,
            LeaseSeconds = 1800,
            RepeatShare = 0.05,
            PrefersUncertain = false,
            OpenedUnixMs = Began,
            State = LabellingState.Open,
            Done = labels,
            Labels = labels,
        });
        ledger.AddRange(_people.Select(name => new LabellerRow { LabellerId = name, Role = LabellerRole.Labeller, IsProgram = false, CreatedBy = "", CreatedUnixMs = Began }));
        foreach (var (step, random) in Enumerable.Range(1, 200).Select(step => (step, new Random(step))))
        {
            ledger.AddRange(new[] { "score", "kl", "response_length" }.Select(name => new StepMetricRow { RunId = RunId, Stage = StageKinds.Ppo, Step = step, Name = name, Value = random.NextDouble() }));
        }
    }

    private static void AddPrompt(LedgerContext ledger, int prompt)
    {
        ledger.Add(new PromptRow
        {
            RunId = RunId,
            PromptId = $"p{prompt}",
            Position = prompt,
            Kind = PromptKind.Harmless,
            IsEvaluation = false,
            Turns = $$"""[{"role":"user","content":"question {{prompt}}"}]""",
        });
        for (var answer = 0; answer < AnswersPerPrompt; answer++)
        {
            var id = AnswerId(prompt, answer);
            ledger.Add(new ResponseRow
            {
                ResponseId = id,
                RunId = RunId,
                Stage = StageKinds.Responses,
                Step = 0,
                PromptId = $"p{prompt}",
                PolicyVersion = answer == 0 ? "base" : $"{RunId}/v{answer}",
                Text = $"answer {answer} to question {prompt}",
                TokenCount = 6,
                IsFinished = true,
                Seed = answer,
            });
            ledger.Add(new RatingRow { RunId = RunId, ResponseId = id, PromptId = $"p{prompt}", Elo = 1000 + answer, BradleyTerry = 1000 + answer, Comparisons = 6 });
        }

        for (var index = 0; index < _pairs.Length; index++)
        {
            AddPair(ledger, prompt, index);
        }
    }

    private static void AddPair(LedgerContext ledger, int prompt, int index)
    {
        var number = (prompt * _pairs.Length) + index;
        var copies = number % 10 == 0 ? 2 : 1;
        var pair = new ComparisonPairRow
        {
            PairId = $"{RunId}/{Stage}/p{prompt}-{index}",
            RunId = RunId,
            Stage = Stage,
            PromptId = $"p{prompt}",
            ResponseAId = AnswerId(prompt, _pairs[index].First),
            ResponseBId = AnswerId(prompt, _pairs[index].Second),
            Position = number,
            Copies = copies,
            Taken = IsLabelled(prompt) ? copies : 0,
            State = IsLabelled(prompt) ? PairState.Taken : PairState.Available,
        };
        ledger.Add(pair);
        var preference = (prompt + index) % 3 == 0 ? 0.8 : 0.3;
        if (!IsLabelled(prompt))
        {
            AddJudgement(ledger, pair, $"{pair.PairId}/1", Stage, "judge-1", preference);
            AddJudgement(ledger, pair, $"{pair.PairId}/2", Stage, "judge-2", 1 - preference);
            return;
        }

        AddJudgement(ledger, pair, pair.PairId, StageContext.BesideNameOf(Stage), "judge-1", preference);
        for (var copy = 0; copy < copies; copy++)
        {
            AddLabel(ledger, pair, number, _people[(number + copy) % _people.Length], (number + copy) % 7 == 0 ? 1 - preference : preference);
        }
    }

    private static void AddJudgement(LedgerContext ledger, ComparisonPairRow pair, string id, string stage, string judge, double preference) => ledger.Add(new ComparisonRow
    {
        MessageId = id,
        RunId = RunId,
        Stage = stage,
        PromptId = pair.PromptId,
        ResponseAId = pair.ResponseAId,
        ResponseBId = pair.ResponseBId,
        PreferenceA = preference,
        ProbabilityAFirst = 0.5,
        ProbabilityASecond = 0.5,
        SamePosition = false,
        PrincipleId = "kind",
        JudgeVersion = judge,
        TemplateHash = "t",
        Seed = 1,
    });

    private static void AddLabel(LedgerContext ledger, ComparisonPairRow pair, int number, string who, double preference)
    {
        var (lease, isAFirst) = ($"{number}-{who}", number % 2 == 0);
        ledger.Add(new LeaseRow
        {
            LeaseId = lease,
            PairId = pair.PairId,
            RunId = RunId,
            Stage = Stage,
            LabellerId = who,
            IsAFirst = isAFirst,
            IsRepeat = false,
            GuidelinesHash = "g",
            ReplacesLeaseId = null,
            GivenUnixMs = Began + number,
            ExpiresUnixMs = Began + number + 1,
            State = LeaseState.Labelled,
        });
        ledger.Add(new LabelRow
        {
            LeaseId = lease,
            PairId = pair.PairId,
            RunId = RunId,
            Stage = Stage,
            Number = number,
            PromptId = pair.PromptId,
            LabellerId = who,
            IsProgram = false,
            IsAFirst = isAFirst,
            Verdict = preference > 0.5 == isAFirst ? Verdict.First : Verdict.Second,
            Strength = 2,
            Reason = "",
            PreferenceA = preference,
            IsRepeat = false,
            IsCounted = true,
            ElapsedMs = 4000 + (number % 1000),
            GivenUnixMs = Began + number,
            SubmittedUnixMs = Began + number + 1,
            GuidelinesHash = "g",
        });
        ledger.Add(new ComparisonRow
        {
            MessageId = $"{pair.PairId}/{who}",
            RunId = RunId,
            Stage = Stage,
            PromptId = pair.PromptId,
            ResponseAId = pair.ResponseAId,
            ResponseBId = pair.ResponseBId,
            PreferenceA = preference,
            LabellerId = who,
        });
    }

    private static string AnswerId(int prompt, int answer) => $"{RunId}/{StageKinds.Responses}/p{prompt}#{answer}";
}
