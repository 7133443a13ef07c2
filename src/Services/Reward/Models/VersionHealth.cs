using Grpc.HealthCheck;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Rlhf.Reward.Models;

/// <summary>
/// An entry of grpc.health.v1 for each version, under its id, and for the aliases: SERVING once it has been loaded and has scored the probe
/// set, NOT_SERVING when it can't be used or went back, UNKNOWN before anybody has asked for it.
/// </summary>
internal sealed class VersionHealth(HealthServiceImpl health)
{
    private readonly HashSet<string> _known = [];

    /// <summary>Says that there is such a version.</summary>
    public void Published(string versionId)
    {
        lock (_known)
        {
            if (_known.Add(versionId))
            {
                health.SetStatus(versionId, ServingStatus.Unknown);
            }
        }
    }

    public void Loaded(string versionId) => Set(versionId, ServingStatus.Serving);

    public void Refused(string versionId) => Set(versionId, ServingStatus.NotServing);

    private void Set(string versionId, ServingStatus status)
    {
        lock (_known)
        {
            _known.Add(versionId);
            health.SetStatus(versionId, status);
        }
    }
}
