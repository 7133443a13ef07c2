using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Core.Interceptors;
using RichStatus = Google.Rpc.Status;
using Status = Grpc.Core.Status;

namespace Rlhf.ServiceDefaults;

/// <summary>
/// Turns exceptions of the libraries into gRPC statuses, so that services need not: <see cref="ArgumentException"/> is
/// INVALID_ARGUMENT with the parameter as a field violation, <see cref="KeyNotFoundException"/> NOT_FOUND, a cancellation
/// CANCELLED, DEADLINE_EXCEEDED or (while the service stops) UNAVAILABLE, anything else INTERNAL without its text, which goes
/// to the log. An <see cref="RpcException"/> passes as it is.
/// </summary>
public sealed partial class ErrorInterceptor(IHostApplicationLifetime lifetime, ILogger<ErrorInterceptor> logger) : Interceptor
{
    /// <inheritdoc />
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw ToRpcException(exception, context);
        }
    }

    /// <inheritdoc />
    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw ToRpcException(exception, context);
        }
    }

    /// <inheritdoc />
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw ToRpcException(exception, context);
        }
    }

    /// <inheritdoc />
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw ToRpcException(exception, context);
        }
    }

    private RpcException ToRpcException(Exception exception, ServerCallContext context)
    {
        switch (exception)
        {
            case ArgumentException argument:
                return InvalidArgument(argument);
            case KeyNotFoundException:
                return new RpcException(new Status(StatusCode.NotFound, exception.Message));
            case OperationCanceledException when context.Deadline <= DateTime.UtcNow:
                return new RpcException(new Status(StatusCode.DeadlineExceeded, "The call's deadline passed."));
            case OperationCanceledException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(new Status(StatusCode.Cancelled, "The caller cancelled the call."));
            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return new RpcException(new Status(StatusCode.Unavailable, "The service is stopping."));
            case OperationCanceledException:
                return new RpcException(new Status(StatusCode.Cancelled, "The work was cancelled."));
            default:
                LogFailure(context.Method, exception);
                return new RpcException(new Status(StatusCode.Internal, $"{context.Method} failed; the service's log says why."));
        }
    }

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

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed")]
    private partial void LogFailure(string method, Exception exception);
}
