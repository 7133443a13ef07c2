using System.Runtime.CompilerServices;
using Grpc.Net.Client;
using Rlhf.Clients.Reward.Internal;
using Rlhf.V1;

namespace Rlhf.Clients.Reward;

/// <summary>
/// Calls the reward-scoring API. One client for the life of the application; its calls may run side by side. Every call has a deadline, spreads
/// over the replicas, and is sent again where its code allows it.
/// </summary>
public sealed class RewardClient : IDisposable
{
    private readonly RewardClientOptions _options;
    private readonly GrpcChannel _channel;
    private readonly RewardService.RewardServiceClient _client;
    private readonly RetryingCalls _calls;

    /// <summary>A client of a service that needs no key, with the usual options.</summary>
    /// <param name="addresses">The gRPC endpoint of each replica.</param>
    public RewardClient(params string[] addresses)
        : this(new RewardClientOptions { Addresses = [.. addresses.Select(address => new Uri(address, UriKind.RelativeOrAbsolute))] })
    {
    }

    /// <exception cref="ArgumentException">An option can't be.</exception>
    public RewardClient(RewardClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _channel = Channels.Open(options);
        _client = new RewardService.RewardServiceClient(_channel);
        _calls = new RetryingCalls(options);
    }

    /// <summary>Scores items: as many results as items, in their order, all by one version.</summary>
    /// <param name="items">1 to <see cref="RewardServiceInfo.MaxItemsPerRequest"/>.</param>
    /// <param name="options">Null for the usual.</param>
    /// <exception cref="RewardException">The call failed as a whole. An item that failed alone has its <see cref="ItemResult.Failure"/>.</exception>
    public async Task<IReadOnlyList<ItemResult>> ScoreAsync(IEnumerable<RewardItem> items, ScoreOptions? options, CancellationToken cancellationToken)
    {
        options ??= new ScoreOptions();
        // Whoever sends it, and however often, has one answer.
        var request = new ScoreBatchRequest
        {
            RequestId = options.RequestId ?? Guid.NewGuid().ToString("N"),
            ModelVersion = options.ModelVersion,
            Items = { items.Select(item => item.Message) },
            Truncation = (TruncationPolicy)options.Truncation,
            Cache = (CachePolicy)options.Cache,
            IncludeMembers = options.IncludesMembers,
            Head = options.Head,
        };
        var response = await _calls.CallAsync(call => _client.ScoreBatchAsync(request, call), options.Timeout, cancellationToken).ConfigureAwait(false);
        return response.Results.Count == request.Items.Count
            ? [.. response.Results.Select(Messages.ToResult)]
            : throw new RewardException(Grpc.Core.StatusCode.Internal, $"{response.Results.Count} results came for {request.Items.Count} items.");
    }

    /// <summary>Scores one answer.</summary>
    /// <exception cref="RewardException">The call failed.</exception>
    /// <exception cref="RewardItemException">The item failed.</exception>
    public async Task<Score> ScoreAsync(string prompt, string response, CancellationToken cancellationToken) =>
        (await ScoreAsync([RewardItem.Text(prompt, response)], options: null, cancellationToken).ConfigureAwait(false))[0].Required;

    /// <summary>
    /// Scores items as they come and gives each answer as it is done, in any order, once. Not more than
    /// <see cref="RewardClientOptions.MaxItemsInFlight"/> are on their way. When a replica is lost, what has no answer yet goes to another.
    /// </summary>
    /// <param name="items">Read on as answers are taken; may be without end.</param>
    /// <param name="options">Null for the usual; a stream has no request id and returns no members.</param>
    /// <exception cref="ArgumentException">The options are not for streams.</exception>
    /// <exception cref="RewardException">No replica answers, or no answer came within the timeout.</exception>
    public async IAsyncEnumerable<StreamedResult> ScoreStreamAsync(
        IAsyncEnumerable<RewardItem> items, ScoreOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        options ??= new ScoreOptions();
        if (options.RequestId is not null || options.IncludesMembers)
        {
            throw new ArgumentException("A stream has no request id and returns no members; use ScoreAsync for them.", nameof(options));
        }
        using var stream = new ResumingStream(_client, _calls, _options, options);
        await foreach (var result in stream.RunAsync(items, cancellationToken).ConfigureAwait(false))
        {
            yield return result;
        }
    }

    /// <summary>The token ids that would be scored.</summary>
    /// <exception cref="RewardException">The call failed.</exception>
    public async Task<IReadOnlyList<TokenizedItem>> TokenizeAsync(IEnumerable<RewardItem> items, CancellationToken cancellationToken)
    {
        var request = new TokenizeRequest { Items = { items.Select(item => item.Message) } };
        var response = await _calls.CallAsync(call => _client.TokenizeAsync(request, call), timeout: null, cancellationToken).ConfigureAwait(false);
        return [.. response.Results.Select(Messages.ToTokens)];
    }

    /// <summary>What the service serves now, and its limits.</summary>
    /// <exception cref="RewardException">The call failed.</exception>
    public async Task<RewardServiceInfo> GetInfoAsync(CancellationToken cancellationToken) => Messages.ToInfo(
        await _calls.CallAsync(call => _client.InfoAsync(new RewardInfoRequest(), call), timeout: null, cancellationToken).ConfigureAwait(false));

    /// <summary>The reward models that can be asked for, oldest first.</summary>
    /// <exception cref="RewardException">The call failed.</exception>
    public async Task<IReadOnlyList<RewardModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        var response = await _calls.CallAsync(call => _client.ListModelsAsync(new ListModelsRequest(), call), timeout: null, cancellationToken).ConfigureAwait(false);
        return [.. response.Models.Select(Messages.ToModel)];
    }

    /// <summary>Closes the connections; calls under way end.</summary>
    public void Dispose() => _channel.Dispose();
}
