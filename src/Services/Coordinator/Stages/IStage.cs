using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Stages;

/// <summary>
/// One stage of a run. It may be begun any number of times: what it wants is a function of the run, what is done is in the
/// ledger, and it does the rest.
/// </summary>
internal interface IStage
{
    /// <summary>Returns when the stage is done.</summary>
    /// <exception cref="StageFailedException">It can't be.</exception>
    Task RunAsync(StageContext context, CancellationToken cancellationToken);

    /// <summary>The stage that does what the options say.</summary>
    static IStage For(StageOptions options) => options switch
    {
        CritiqueRevisionOptions chosen => new CritiqueRevisionStage(chosen),
        FineTuningOptions chosen => new FineTuningStage(chosen),
        ResponsesOptions chosen => new ResponsesStage(chosen),
        PreferencesOptions { IsImported: true } => new ImportedPreferencesStage(),
        PreferencesOptions chosen => new PreferencesStage(chosen),
        RatingsOptions chosen => new RatingsStage(chosen),
        RewardModelStageOptions chosen => new RewardModelStage(chosen),
        PpoStageOptions chosen => new PpoStage(chosen),
        DpoStageOptions chosen => new DpoStage(chosen),
        EvaluationOptions chosen => new EvaluationStage(chosen),
        _ => throw new InvalidOperationException($"{options.GetType().Name} has no stage"),
    };
}
