namespace Rlhf.Coordinator.Stages;

/// <summary>Names of policy versions that are not published by a run.</summary>
internal static class PolicyVersions
{
    /// <summary>The language model that every service was given by configuration.</summary>
    public const string Base = "base";
}
