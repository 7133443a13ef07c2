using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using RichStatus = Google.Rpc.Status;
using Status = Grpc.Core.Status;

namespace Rlhf.ServiceDefaults;

/// <summary>Exceptions as statuses, the same for gRPC and HTTP.</summary>
internal static class CallErrors
{
    /// <summary>The status of an exception whose cause a caller may know; null for any other.</summary>
    /// <param name="exception">What ended the call.</param>
    /// <param name="deadline">The call's deadline; <see cref="DateTime.MaxValue"/> for none.</param>
    /// <param name="caller">Cancelled when the caller has gone.</param>
    /// <param name="stopping">Cancelled when the service stops.</param>
    public static RpcException? Of(Exception exception, DateTime deadline, CancellationToken caller, CancellationToken stopping) => exception switch
    {
        RpcException rpc => rpc,
        ArgumentException argument => InvalidArgument(argument),
        KeyNotFoundException => new RpcException(new Status(StatusCode.NotFound, exception.Message)),
        OperationCanceledException when deadline <= DateTime.UtcNow => new RpcException(new Status(StatusCode.DeadlineExceeded, "The call's deadline passed.")),
        OperationCanceledException when caller.IsCancellationRequested => new RpcException(new Status(StatusCode.Cancelled, "The caller cancelled the call.")),
        OperationCanceledException when stopping.IsCancellationRequested => new RpcException(new Status(StatusCode.Unavailable, "The service is stopping.")),
        OperationCanceledException => new RpcException(new Status(StatusCode.Cancelled, "The work was cancelled.")),
        _ => null,
    };

    /// <summary>What a caller is told of an exception whose text stays in the log.</summary>
    /// <param name="method">The call.</param>
    public static RpcException Internal(string method) => new(new Status(StatusCode.Internal, $"{method} failed; the service's log says why."));

    private static RpcException InvalidArgument(ArgumentException exception)
    {
        var description = DescriptionOf(exception);
        var violation = new BadRequest.Types.FieldViolation { Field = exception.ParamName ?? "", Description = description };
        return new RichStatus
        {
            Code = (int)Code.InvalidArgument,
            Message = description,
            Details = { Any.Pack(new BadRequest { FieldViolations = { violation } }) },
        }.ToRpcException();
    }

    /// <summary>The message without the parameter's name, which .NET appends and the field violation names anyway.</summary>
    private static string DescriptionOf(ArgumentException exception)
    {
        var suffix = $" (Parameter '{exception.ParamName}')";
        return exception.ParamName is not null && exception.Message.EndsWith(suffix, StringComparison.Ordinal)
            ? exception.Message[..^suffix.Length]
            : exception.Message;
    }
}
