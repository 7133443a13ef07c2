namespace Rlhf.Coordinator.Web;

/// <summary>Models by the names that pages give them.</summary>
internal static class ModelNames
{
    /// <summary>The title of a model of an evaluation, by the report's name for it.</summary>
    public static string Of(string label) => label switch
    {
        "base" => "Base",
        "fineTuned" => "Fine-tuned",
        "ppo" => "PPO",
        "dpo" => "DPO",
        _ => label,
    };

    /// <summary>A version without the run's id before it, on that run's own pages.</summary>
    public static string OfVersion(string version, string runId) =>
        version.StartsWith(runId + "/", StringComparison.Ordinal) ? version[(runId.Length + 1)..] : version;
}
