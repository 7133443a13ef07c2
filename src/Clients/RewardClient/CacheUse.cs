namespace Rlhf.Clients.Reward;

/// <summary>What the service does with its cache of scores.</summary>
public enum CacheUse
{
    /// <summary>Looks there first, and keeps what is computed.</summary>
    Use = 0,

    /// <summary>Computes, and keeps that.</summary>
    Refresh = 1,

    /// <summary>Neither looks nor keeps.</summary>
    Bypass = 2,
}
