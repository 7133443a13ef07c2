namespace Rlhf.Coordinator.Runs;

/// <summary>The kinds of stages, as run files name them.</summary>
internal static class StageKinds
{
    public const string CritiqueRevision = "critique-revision";
    public const string FineTuning = "fine-tuning";
    public const string Responses = "responses";
    public const string Preferences = "preferences";
    public const string Ratings = "ratings";
    public const string RewardModel = "reward-model";
    public const string Ppo = "ppo";
    public const string Dpo = "dpo";
    public const string Evaluation = "evaluation";

    /// <summary>Every kind with the type of its options.</summary>
    public static IReadOnlyDictionary<string, Type> OptionTypes { get; } = new Dictionary<string, Type>
    {
        [CritiqueRevision] = typeof(CritiqueRevisionOptions),
        [FineTuning] = typeof(FineTuningOptions),
        [Responses] = typeof(ResponsesOptions),
        [Preferences] = typeof(PreferencesOptions),
        [Ratings] = typeof(RatingsOptions),
        [RewardModel] = typeof(RewardModelStageOptions),
        [Ppo] = typeof(PpoStageOptions),
        [Dpo] = typeof(DpoStageOptions),
        [Evaluation] = typeof(EvaluationOptions),
    };

    /// <summary>The kind of a stage.</summary>
    public static string KindOf(StageOptions options) => OptionTypes.First(pair => pair.Value == options.GetType()).Key;
}
