namespace Rlhf.Coordinator.Runs;

/// <summary>
/// The built-in run: reinforcement learning from AI feedback on a constitution, every stage with its defaults.
/// All of it together is meant to take less than five minutes on two cores with the embedded model.
/// </summary>
internal static class RlaifDefaults
{
    /// <summary>The name by which it is started.</summary>
    public const string Name = "rlaif";

    /// <summary>Its stages.</summary>
    public static RunDefinition Definition { get; } = new(Name,
    [
        new CritiqueRevisionOptions { Name = StageKinds.CritiqueRevision },
        new FineTuningOptions { Name = StageKinds.FineTuning },
        new ResponsesOptions { Name = StageKinds.Responses },
        new PreferencesOptions { Name = StageKinds.Preferences },
        new RatingsOptions { Name = StageKinds.Ratings },
        new RewardModelStageOptions { Name = StageKinds.RewardModel },
        new PpoStageOptions { Name = StageKinds.Ppo },
        new EvaluationOptions { Name = StageKinds.Evaluation },
    ]);
}
