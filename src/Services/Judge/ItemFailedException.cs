using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Judge;

/// <summary>One item has no result, for a reason that trying the message again would not mend.</summary>
internal sealed class ItemFailedException(ErrorCode code, string message) : Exception(message)
{
    public ItemError Error => new() { Code = code, Message = Message };

    /// <summary>The status of a call whose only item this was.</summary>
    public RpcException ToRpcException() => new(new Status(
        code switch
        {
            ErrorCode.InvalidItem or ErrorCode.TooLong or ErrorCode.TokenizerMismatch => StatusCode.InvalidArgument,
            ErrorCode.UnknownVersion => StatusCode.NotFound,
            ErrorCode.Upstream => StatusCode.Unavailable,
            _ => StatusCode.Internal,
        },
        Message));
}
