using Grpc.Core;

namespace Rlhf.Clients.Reward.Internal;

/// <summary>
/// Calls with a deadline and a secret, sent again when a replica is UNAVAILABLE, and when a service is full, as long as it says. No other code
/// is tried again. gRPC's own retries end after five attempts, sooner than a channel has learnt that a replica died.
/// </summary>
internal sealed class RetryingCalls(RewardClientOptions options)
{
    private const double MaxGrowth = 8;

    private readonly CallCredentials? _credentials = (options.ApiKey, options.BearerToken) switch
    {
        ({ } key, _) => Bearer(_ => ValueTask.FromResult(key)),
        (_, { } token) => Bearer(token),
        _ => null,
    };

    /// <exception cref="RewardException">It failed.</exception>
    public async Task<TResponse> CallAsync<TResponse>(Func<CallOptions, AsyncUnaryCall<TResponse>> call, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var deadline = DateTime.UtcNow + (timeout ?? options.Timeout);
        var (losses, refusals) = (0, 0);
        while (true)
        {
            TimeSpan pause;
            try
            {
                return await call(OptionsOf(deadline, cancellationToken)).ConfigureAwait(false);
            }
            catch (RpcException exception)
            {
                var error = ErrorOf(exception, cancellationToken);
                pause = error switch
                {
                    { StatusCode: StatusCode.ResourceExhausted, RetryAfter: { } wanted } => Grown(wanted, ++refusals),
                    { StatusCode: StatusCode.Unavailable } when ++losses < options.MaxAttempts => PauseAfterLoss(losses),
                    _ => throw error,
                };
                if (DateTime.UtcNow + pause >= deadline)
                {
                    throw error;
                }
            }
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    public CallOptions OptionsOf(DateTime? deadline, CancellationToken cancellationToken) =>
        new(deadline: deadline, cancellationToken: cancellationToken, credentials: _credentials);

    /// <summary>What a caller sees of a failure.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public static RewardException ErrorOf(RpcException exception, CancellationToken cancellationToken) =>
        exception.StatusCode == StatusCode.Cancelled && cancellationToken.IsCancellationRequested
            ? throw new OperationCanceledException(exception.Status.Detail, exception, cancellationToken)
            : new RewardException(exception);

    /// <summary>The pause after so many attempts that found no replica or lost it.</summary>
    public TimeSpan PauseAfterLoss(int losses) => Grown(options.InitialBackoff, losses) is var pause && pause < options.MaxBackoff ? pause : options.MaxBackoff;

    /// <summary>The pause before the attempt after that one: those who were refused together don't come again together.</summary>
    private static TimeSpan Grown(TimeSpan first, int attempt) => first * Math.Min(Math.Pow(2, attempt - 1), MaxGrowth) * (1 + (Random.Shared.NextDouble() / 2));

    private static CallCredentials Bearer(Func<CancellationToken, ValueTask<string>> token) => CallCredentials.FromInterceptor(
        async (context, metadata) => metadata.Add("authorization", $"Bearer {await token(context.CancellationToken).ConfigureAwait(false)}"));
}
