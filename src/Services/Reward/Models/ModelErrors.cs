using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>Why there is no model, as callers are told.</summary>
internal static class ModelErrors
{
    /// <summary>The Learner's failures; where it is, and what exactly failed, is for the log.</summary>
    public static RpcException OfLearner(RpcException exception) => exception.StatusCode == StatusCode.Unavailable
        ? new RpcException(new Status(StatusCode.Unavailable, "The Learner, which has the versions, can't be reached; try again in a moment.", exception))
        : exception;

    /// <summary>The same on an item instead of a call.</summary>
    public static ItemError ToItemError(RpcException exception) => new()
    {
        Code = exception.StatusCode is StatusCode.NotFound or StatusCode.FailedPrecondition ? ErrorCode.UnknownVersion : ErrorCode.Upstream,
        Message = exception.Status.Detail,
    };

    /// <inheritdoc cref="ToItemError(RpcException)"/>
    public static ItemError ToItemError(UnknownHeadException exception) => new() { Code = ErrorCode.InvalidItem, Message = exception.Message };
}
