using System.Net;
using System.Net.Http.Headers;

namespace Rlhf.ModelHub;

/// <summary>Requests to the hub. Redirects are followed here, so that the token goes to the endpoint's own host and to no other.</summary>
internal sealed class HubConnection : IDisposable
{
    private const int MaxRedirects = 5;

    private readonly HubOptions _options;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <exception cref="HubException">The token can't be sent.</exception>
    public HubConnection(HubOptions options)
    {
        _options = options;
        if (options.Token is { } token && !token.All(c => char.IsBetween(c, '!', '~')))
        {
            throw new HubException("HF_TOKEN holds spaces or other characters that no token has; copy the token anew.");
        }
    }

    /// <summary>Sends a request, and sends it on where the hub says so. The caller disposes the answer, whose body is not read yet.</summary>
    /// <param name="address">Below the endpoint.</param>
    /// <param name="from">The first byte wanted.</param>
    /// <param name="onlyOwnHost">Ends at a redirect to another host, whose answer would say nothing about the file.</param>
    /// <exception cref="HttpRequestException">The hub, or a host that it names, can't be reached.</exception>
    /// <exception cref="TimeoutException">It was silent for too long.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, long from, bool onlyOwnHost, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        for (var redirects = 0; ; redirects++)
        {
            silence.CancelAfter(_options.SilenceTimeout);
            var response = await SendOnceAsync(method, address, from, silence.Token, cancellationToken);
            if (Target(response, address) is not { } target || (onlyOwnHost && (!IsOwnHost(target) || response.Headers.Contains(HubHeaders.LinkedTag))))
            {
                return response;
            }

            response.Dispose();
            if (redirects == MaxRedirects || (address.Scheme == Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttps) || target.Scheme is not ("http" or "https"))
            {
                throw new HubException($"{_options.Endpoint} sends the download on to {target.Host} in a way that is not safe to follow; set HF_ENDPOINT to another address of the hub.");
            }

            address = target;
        }
    }

    /// <summary>Reads on in an answer's body.</summary>
    /// <exception cref="HttpRequestException">The connection was cut.</exception>
    /// <exception cref="TimeoutException">It was silent for too long.</exception>
    public async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(_options.SilenceTimeout);
        try
        {
            return await body.ReadAsync(buffer, silence.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"the hub was silent for {_options.SilenceTimeout.TotalSeconds} s", e);
        }
        catch (IOException e)
        {
            throw new HttpRequestException("the connection was cut", e); // no trouble of this machine's files
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, Uri address, long from, CancellationToken silence, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("rlhf-services", "0.1"));
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity")); // a compressed answer has another length
        request.Headers.Range = from > 0 ? new RangeHeaderValue(from, null) : null;
        if (_options.Token is { } token && IsOwnHost(address))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{address.Host} was silent for {_options.SilenceTimeout.TotalSeconds} s", e);
        }
    }

    private static Uri? Target(HttpResponseMessage response, Uri address) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect && response.Headers.Location is { } location
            ? new Uri(address, location)
            : null;

    private bool IsOwnHost(Uri address) =>
        Uri.Compare(address, _options.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
}
