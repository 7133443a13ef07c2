using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>Why there is no model, said on an item instead of a call.</summary>
internal static class ModelErrors
{
    public static ItemError ToItemError(RpcException exception) => new()
    {
        Code = exception.StatusCode is StatusCode.NotFound or StatusCode.FailedPrecondition ? ErrorCode.UnknownVersion : ErrorCode.Upstream,
        Message = exception.Status.Detail,
    };
}
