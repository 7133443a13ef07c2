namespace Rlhf.Clients.Reward;

/// <summary>Where the service is and how it is called.</summary>
public sealed record RewardClientOptions
{
    /// <summary>The gRPC endpoint of each replica, all "http://…" or all "https://…". Calls take turns among those that answer.</summary>
    public required IReadOnlyList<Uri> Addresses { get; init; }

    /// <summary>Sent as "authorization: Bearer KEY"; null for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>In place of a key: asked for a token before each call, which is sent as "authorization: Bearer TOKEN".</summary>
    public Func<CancellationToken, ValueTask<string>>? BearerToken { get; init; }

    /// <summary>Send the key or token to other machines without TLS, where it can be read on the way.</summary>
    public bool AllowsSecretsInPlainText { get; init; }

    /// <summary>How long a call may take, all attempts together; of a stream, how long it may be without an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How often a call that finds no replica, or loses it (UNAVAILABLE), is sent; 1 is once. A full service (RESOURCE_EXHAUSTED with RetryInfo) is
    /// asked again when it says, until the timeout.
    /// </summary>
    public int MaxAttempts { get; init; } = 8;

    /// <summary>The pause before the second attempt, about; it doubles for each further one.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two attempts.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Items of one stream that are sent or answered and not yet taken by the caller: what a stream holds in memory.</summary>
    public int MaxItemsInFlight { get; init; } = 256;

    /// <summary>Changes the HTTP handler before it is used: a certificate authority of one's own, a client certificate.</summary>
    public Action<SocketsHttpHandler>? ConfigureHandler { get; init; }

    /// <exception cref="ArgumentException">Something can't be; the message says what would be right.</exception>
    internal void Validate()
    {
        if (Addresses.Count == 0)
        {
            throw new ArgumentException("There is no address; give the gRPC endpoint of at least one replica, such as http://127.0.0.1:5231.", nameof(Addresses));
        }
        if (Addresses.FirstOrDefault(address => !address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)) is { } odd)
        {
            throw new ArgumentException($"'{odd}' is no http:// or https:// address.", nameof(Addresses));
        }
        if (Addresses.Any(address => address.Scheme != Addresses[0].Scheme))
        {
            throw new ArgumentException("Some addresses are http:// and some https://; replicas behind one client are all one or the other.", nameof(Addresses));
        }
        if (ApiKey is not null && BearerToken is not null)
        {
            throw new ArgumentException("Both ApiKey and BearerToken are set; a call brings one of them.", nameof(ApiKey));
        }
        if ((ApiKey ?? (object?)BearerToken) is not null && !AllowsSecretsInPlainText
            && Addresses.FirstOrDefault(address => address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback) is { } open)
        {
            throw new ArgumentException(
                $"The key would go to '{open}' in plain text; use an https:// address, or set {nameof(AllowsSecretsInPlainText)} where the network is trusted.", nameof(Addresses));
        }
        if (MaxAttempts < 1)
        {
            throw new ArgumentException($"{nameof(MaxAttempts)} is {MaxAttempts}; it must be at least 1.", nameof(MaxAttempts));
        }
        if (MaxItemsInFlight < 1)
        {
            throw new ArgumentException($"{nameof(MaxItemsInFlight)} is {MaxItemsInFlight}; it must be at least 1.", nameof(MaxItemsInFlight));
        }
        if (Timeout <= TimeSpan.Zero || InitialBackoff <= TimeSpan.Zero || MaxBackoff < InitialBackoff)
        {
            throw new ArgumentException($"{nameof(Timeout)} and {nameof(InitialBackoff)} must be over 0, and {nameof(MaxBackoff)} at least {nameof(InitialBackoff)}.", nameof(Timeout));
        }
    }
}
