using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Rlhf.ModelHub;

/// <summary>A model's repository: its commit, its files, their checksums, their bytes.</summary>
internal sealed class HubRepository(HubModelId model, HubOptions options, HubConnection connection)
{
    private const int MaxListLength = 32 << 20;

    /// <summary>The revision's commit and the names of its files.</summary>
    /// <exception cref="HubException">There is no such model or revision, or it is not for this user.</exception>
    public async Task<(string Commit, IReadOnlySet<string> Names)> ListAsync(CancellationToken cancellationToken)
    {
        using var response = await AskAsync(HttpMethod.Get, Address($"api/models/{model.Repository}/revision/{Uri.EscapeDataString(model.Revision)}"), "", retries: 1, cancellationToken);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            using var limited = new MemoryStream();
            await CopyAsync(body, limited, cancellationToken);
            using var json = JsonDocument.Parse(limited.ToArray());
            var commit = json.RootElement.GetProperty("sha").GetString() ?? "";
            var names = json.RootElement.GetProperty("siblings").EnumerateArray().Select(file => file.GetProperty("rfilename").GetString() ?? "").ToHashSet(StringComparer.Ordinal);
            return HubCache.IsCommit(commit) ? (commit, names) : throw NotTheHub(null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw NotTheHub(e);
        }
    }

    /// <summary>What the hub announces about a file.</summary>
    /// <exception cref="HubException">There is no such file, or the hub gives no checksum or size for it.</exception>
    public async Task<HubFile> DescribeAsync(string commit, string name, CancellationToken cancellationToken)
    {
        using var response = await AskAsync(HttpMethod.Head, FileAddress(commit, name), name, options.MaxRetries, cancellationToken);
        var tag = (HubHeaders.Value(response, HubHeaders.LinkedTag) ?? HubHeaders.Value(response, "ETag") ?? "").Replace("W/", "", StringComparison.Ordinal).Trim('"');
        var hasSize = long.TryParse(HubHeaders.Value(response, HubHeaders.LinkedSize), CultureInfo.InvariantCulture, out var size);
        size = hasSize ? size : response.Content.Headers.ContentLength ?? -1;
        return Checksum.IsKnown(tag) && size >= 0
            ? new HubFile(name, tag, size)
            : throw new HubException($"{options.Endpoint} gives no checksum or size for {name} of {model}; set HF_ENDPOINT to the hub itself or to a mirror that passes them on.");
    }

    /// <summary>A file's bytes. The caller disposes the answer.</summary>
    /// <param name="commit">Of which commit.</param>
    /// <param name="file">Which.</param>
    /// <param name="from">The first byte wanted; an answer with status 200 begins with byte 0 all the same.</param>
    public async Task<HttpResponseMessage> OpenAsync(string commit, HubFile file, long from, CancellationToken cancellationToken)
    {
        var response = await connection.SendAsync(HttpMethod.Get, FileAddress(commit, file.Name), from, onlyOwnHost: false, cancellationToken);
        if ((int)response.StatusCode >= 500)
        {
            using (response)
            {
                throw new HttpRequestException($"{options.Endpoint} answered {(int)response.StatusCode}");
            }
        }

        return response.StatusCode is HttpStatusCode.RequestedRangeNotSatisfiable ? response : Checked(response, file.Name);
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, Uri address, string name, int retries, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                var response = await connection.SendAsync(method, address, 0, onlyOwnHost: true, cancellationToken);
                if ((int)response.StatusCode < 500 || failures == retries)
                {
                    return Checked(response, name);
                }

                response.Dispose();
            }
            catch (Exception e) when (failures < retries && e is HttpRequestException or TimeoutException)
            {
                // Tried again below.
            }

            await Task.Delay(options.RetryDelay * (1 << failures), cancellationToken);
        }
    }

    private HttpResponseMessage Checked(HttpResponseMessage response, string name)
    {
        if ((int)response.StatusCode < 400)
        {
            return response;
        }

        using (response)
        {
            throw new HubException(Refusal(response.StatusCode, HubHeaders.Value(response, HubHeaders.ErrorCode), name));
        }
    }

    private string Refusal(HttpStatusCode status, string? code, string name) => (status, code) switch
    {
        (_, "GatedRepo") =>
            $"{model} is gated: accept its terms at {options.Endpoint}{(options.Endpoint.AbsolutePath == "/" ? "" : "/")}{model.Repository} and set HF_TOKEN to a token of that account.",
        (_, "RevisionNotFound") => $"{model.Repository} has no revision '{model.Revision}'; name one of its branches, tags or commits.",
        (_, "EntryNotFound") => $"{model} has no {name}; choose another revision.",
        (HttpStatusCode.Unauthorized, not "RepoNotFound") when options.Token is not null => $"{options.Endpoint} does not know the token in HF_TOKEN; set it to a valid one, or not at all.",
        (HttpStatusCode.NotFound or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) when options.Token is null =>
            $"{options.Endpoint} has no public model {model}; check the name, or set HF_TOKEN if the model is gated or private.",
        (HttpStatusCode.NotFound or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) => $"{options.Endpoint} has no model {model} that the account of HF_TOKEN may read; check the name and the account's rights.",
        (HttpStatusCode.TooManyRequests, _) => $"{options.Endpoint} limits how much is downloaded; try again later, or set HF_TOKEN.",
        _ => $"{options.Endpoint} answered {(int)status} for {model}; try again later, or give a folder.",
    };

    private HubException NotTheHub(Exception? cause) =>
        new($"{options.Endpoint} does not answer like the hub; set HF_ENDPOINT to an address such as https://huggingface.co, or not at all.", cause);

    private async Task CopyAsync(Stream from, MemoryStream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 16];
        for (int read; (read = await connection.ReadAsync(from, buffer, cancellationToken)) > 0;)
        {
            if (to.Length + read > MaxListLength)
            {
                throw NotTheHub(null);
            }

            to.Write(buffer, 0, read);
        }
    }

    private Uri FileAddress(string commit, string name) => Address($"{model.Repository}/resolve/{commit}/{Uri.EscapeDataString(name)}");

    private Uri Address(string path) => new($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");
}
