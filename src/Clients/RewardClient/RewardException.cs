using Google.Rpc;
using Grpc.Core;

namespace Rlhf.Clients.Reward;

/// <summary>A call failed, after the attempts that its code allows.</summary>
public sealed class RewardException : Exception
{
    internal RewardException(RpcException exception)
        : base(exception.Status.Detail, exception)
    {
        StatusCode = exception.StatusCode;
        var rich = exception.GetRpcStatus();
        Violations = [.. (rich?.GetDetail<BadRequest>()?.FieldViolations ?? []).Select(violation => new FieldViolation(violation.Field, violation.Description))];
        RetryAfter = rich?.GetDetail<RetryInfo>()?.RetryDelay?.ToTimeSpan();
    }

    internal RewardException(StatusCode statusCode, string message)
        : base(message) => (StatusCode, Violations) = (statusCode, []);

    /// <summary>gRPC's code; docs/reward-api.md says when each comes.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>The fields to blame, for INVALID_ARGUMENT.</summary>
    public IReadOnlyList<FieldViolation> Violations { get; }

    /// <summary>When the service wants to be asked again; null where it doesn't say.</summary>
    public TimeSpan? RetryAfter { get; }
}
