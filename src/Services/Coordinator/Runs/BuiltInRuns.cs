namespace Rlhf.Coordinator.Runs;

/// <summary>The runs that need no file, every stage with its defaults.</summary>
internal static class BuiltInRuns
{
    /// <summary>
    /// Reinforcement learning from AI feedback on a constitution. All of it together is meant to take less than five minutes on
    /// two cores with the embedded model.
    /// </summary>
    public static RunDefinition Rlaif { get; } = new("rlaif",
    [
        new CritiqueRevisionOptions { Name = StageKinds.CritiqueRevision },
        new FineTuningOptions { Name = StageKinds.FineTuning },
        .. Training(new ResponsesOptions(), new PreferencesOptions(), new PpoStageOptions()),
    ]);

    /// <summary>
    /// Reinforcement learning from human feedback: people compare answers of the base model. There is nothing to fine-tune on before,
    /// as nobody revises answers, so the base model is PPO's baseline too. The embedded model answers nine harmful requests of ten alike,
    /// so most pairs are ties, and it takes many labels: with 500 it learnt, in one of two tries, to decline everything. Where answers rarely
    /// differ, a score's spread is small and a gap between two answers many spreads: PPO's own KL coefficient, half of this one, lost helpfulness.
    /// </summary>
    public static RunDefinition Rlhf { get; } = new("rlhf",
    [
        .. Training(
            new ResponsesOptions { ResponsesPerPrompt = 4, BaseResponsesPerPrompt = 0 },
            new PreferencesOptions { By = ComparedBy.People, Labels = 2400 },
            new PpoStageOptions { KlCoefficient = 0.6 }),
    ]);

    /// <summary>People compare for helpfulness, the judge for harmlessness, as the road of AI feedback otherwise.</summary>
    public static RunDefinition Mixed { get; } = new("mixed",
    [
        new CritiqueRevisionOptions { Name = StageKinds.CritiqueRevision },
        new FineTuningOptions { Name = StageKinds.FineTuning },
        .. Training(new ResponsesOptions(), new PreferencesOptions { By = ComparedBy.Mixed }, new PpoStageOptions()),
    ]);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<RunDefinition> All { get; } = [Rlaif, Rlhf, Mixed];

    /// <summary>The one of that name; null where there is none.</summary>
    public static RunDefinition? Find(string name) => All.FirstOrDefault(run => run.Name == name);

    /// <summary>Their names, for a sentence.</summary>
    public static string Names => string.Join(", ", All.Select(run => run.Name));

    private static IEnumerable<StageOptions> Training(ResponsesOptions responses, PreferencesOptions preferences, PpoStageOptions ppo) =>
    [
        responses with { Name = StageKinds.Responses },
        preferences with { Name = StageKinds.Preferences },
        new RatingsOptions { Name = StageKinds.Ratings },
        new RewardModelStageOptions { Name = StageKinds.RewardModel },
        ppo with { Name = StageKinds.Ppo },
        new EvaluationOptions { Name = StageKinds.Evaluation },
    ];
}
