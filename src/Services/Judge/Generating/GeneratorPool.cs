using System.Diagnostics;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Judge.Generating;

/// <summary>
/// The generator pool as the Judge uses it: one text, or the log-probability of one continuation. What is asked at about the
/// same time goes out in one call, because the pool batches what arrives together.
/// </summary>
internal sealed partial class GeneratorPool : IAsyncDisposable
{
    private static readonly TimeSpan s_firstRetryAfter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestRetryAfter = TimeSpan.FromSeconds(5);
    private readonly GenerationService.GenerationServiceClient _generator;
    private readonly JudgeOptions _options;
    private readonly JudgeMetrics _metrics;
    private readonly ILogger<GeneratorPool> _logger;
    private readonly BatchCollector<GenerateRequest, GenerateResult> _sampling;
    private readonly BatchCollector<(ScoreTokensItem Item, string Version), ScoreTokensResult> _scoring;

    public GeneratorPool(
        GenerationService.GenerationServiceClient generator, JudgeOptions options, JudgeMetrics metrics, ILogger<GeneratorPool> logger)
    {
        (_generator, _options, _metrics, _logger) = (generator, options, metrics, logger);
        var delay = TimeSpan.FromMilliseconds(options.CollectMilliseconds);
        _sampling = new(options.MaxItemsPerCall, delay, GenerateAsync);
        // A comparison is four items of a few dozen tokens and one forward pass: more of them fit in a call.
        _scoring = new(4 * options.MaxItemsPerCall, delay, ScoreAsync);
    }

    /// <summary>Samples one text.</summary>
    /// <exception cref="ItemFailedException">The pool refused the item, or could not be reached within the patience.</exception>
    public async Task<string> SampleAsync(Prompt prompt, string version, SamplingOptions sampling, CancellationToken cancellationToken)
    {
        var result = await _sampling.SubmitAsync(
            new GenerateRequest { Prompt = prompt, PolicyVersion = version, Sampling = sampling, Samples = 1 }, cancellationToken);
        ThrowIfFailed(result.Error);
        return result.Samples.Count == 1
            ? result.Samples[0].Text
            : throw new ItemFailedException(ErrorCode.Upstream, $"the generator returned {result.Samples.Count} samples where 1 was asked for");
    }

    /// <summary>Natural log-probability of a continuation: the sum over its tokens.</summary>
    /// <exception cref="ItemFailedException">The pool refused the item, or could not be reached within the patience.</exception>
    public async Task<double> LogprobAsync(string prompt, string continuation, string version, CancellationToken cancellationToken)
    {
        var item = new ScoreTokensItem { Prompt = new Prompt { Text = prompt }, Text = continuation };
        var result = await _scoring.SubmitAsync((item, version), cancellationToken);
        ThrowIfFailed(result.Error);
        var sum = result.Logprobs.Sum(logprob => (double)logprob);
        return result.Logprobs.Count > 0 && double.IsFinite(sum)
            ? sum
            : throw new ItemFailedException(ErrorCode.NotFinite, $"the log-probability of '{continuation}' is not a finite number");
    }

    public async ValueTask DisposeAsync()
    {
        await _sampling.DisposeAsync();
        await _scoring.DisposeAsync();
    }

    private async Task<IReadOnlyList<GenerateResult>> GenerateAsync(
        IReadOnlyList<GenerateRequest> items, IEnumerable<ActivityLink> links, CancellationToken cancellationToken)
    {
        var request = new GenerateBatchRequest { Requests = { items } };
        var response = await CallAsync("GenerateBatch", items.Count, links,
            deadline => _generator.GenerateBatchAsync(request, deadline: deadline, cancellationToken: cancellationToken).ResponseAsync, cancellationToken);
        return RequireCount(response.Results, items.Count);
    }

    private async Task<IReadOnlyList<ScoreTokensResult>> ScoreAsync(
        IReadOnlyList<(ScoreTokensItem Item, string Version)> items, IEnumerable<ActivityLink> links, CancellationToken cancellationToken)
    {
        // One call names one version; the calls of a batch with several go out together.
        var results = new ScoreTokensResult[items.Count];
        await Task.WhenAll(items.Index().GroupBy(entry => entry.Item.Version).Select(async group =>
        {
            var request = new ScoreTokensRequest { PolicyVersion = group.Key, Items = { group.Select(entry => entry.Item.Item) } };
            var response = await CallAsync("ScoreTokens", request.Items.Count, links,
                deadline => _generator.ScoreTokensAsync(request, deadline: deadline, cancellationToken: cancellationToken).ResponseAsync, cancellationToken);
            foreach (var (entry, result) in group.Zip(RequireCount(response.Results, request.Items.Count)))
            {
                results[entry.Index] = result;
            }
        }));
        return results;
    }

    /// <summary>Calls the pool, again while it is unavailable and there is patience.</summary>
    private async Task<TResponse> CallAsync<TResponse>(
        string method, int items, IEnumerable<ActivityLink> links, Func<DateTime, Task<TResponse>> callAsync, CancellationToken cancellationToken)
    {
        using var activity = JudgeMetrics.Activities.StartActivity($"generator {method}", ActivityKind.Internal, parentContext: default, links: links);
        activity?.SetTag("rlhf.items", items);
        var started = Stopwatch.GetTimestamp();
        for (var retryAfter = s_firstRetryAfter; ; retryAfter = TimeSpan.FromTicks(Math.Min(2 * retryAfter.Ticks, s_longestRetryAfter.Ticks)))
        {
            try
            {
                var response = await callAsync(DateTime.UtcNow.AddSeconds(_options.CallTimeoutSeconds));
                _metrics.Called(method, items, Stopwatch.GetElapsedTime(started));
                return response;
            }
            catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
            {
                if (!IsTransient(exception) || Stopwatch.GetElapsedTime(started).TotalSeconds > _options.PatienceSeconds)
                {
                    activity?.SetStatus(ActivityStatusCode.Error, exception.Status.Detail);
                    throw new ItemFailedException(
                        exception.StatusCode == StatusCode.NotFound ? ErrorCode.UnknownVersion : ErrorCode.Upstream,
                        $"the generator pool failed: {exception.StatusCode}: {exception.Status.Detail}");
                }
                LogRetried(method, items, exception.StatusCode, exception.Status.Detail);
            }
            await Task.Delay(retryAfter, cancellationToken);
        }
    }

    // A generator that is killed in the middle of a call shows as a broken connection, whatever status that is given.
    private static bool IsTransient(RpcException exception) =>
        exception.StatusCode is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Aborted or StatusCode.Cancelled
        || exception.Status.DebugException is IOException or HttpRequestException;

    private static IReadOnlyList<T> RequireCount<T>(IReadOnlyList<T> results, int wanted) =>
        results.Count == wanted
            ? results
            : throw new ItemFailedException(ErrorCode.Upstream, $"the generator returned {results.Count} results for {wanted} items");

    private static void ThrowIfFailed(ItemError? error)
    {
        if (error is not null)
        {
            throw new ItemFailedException(error.Code, error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The generator pool is asked again ({Method}, {Items} items): {Status}: {Detail}")]
    private partial void LogRetried(string method, int items, StatusCode status, string detail);
}
