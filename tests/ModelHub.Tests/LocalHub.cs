using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Rlhf.ModelHub.Tests;

/// <summary>A server with the hub's HTTP layout, and a second one that serves the large files, as the hub's do.</summary>
internal sealed class LocalHub : IAsyncDisposable, IProgress<HubProgress>
{
    public const string Repository = "owner/tiny";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly WebApplication _hub;
    private readonly WebApplication _store;

    private readonly SemaphoreSlim _arrived = new(0);

    private LocalHub(WebApplication hub, WebApplication store) => (_hub, _store) = (hub, store);

    /// <summary>Files of the repository; those that end in .safetensors are large ones.</summary>
    public Dictionary<string, byte[]> Files { get; } = new()
    {
        ["config.json"] = Encoding.UTF8.GetBytes("""{"model_type":"llama"}"""),
        ["tokenizer.json"] = Encoding.UTF8.GetBytes("{}"),
        ["README.md"] = Encoding.UTF8.GetBytes("# not needed"),
        ["pytorch_model.bin"] = new byte[1000],
        ["model.safetensors"] = RandomNumberGenerator.GetBytes(3_000_000),
    };

    /// <summary>Bytes after which each answer with a large file is cut, while there are any.</summary>
    public ConcurrentQueue<int> Cuts { get; } = [];

    /// <summary>Files that are served with a byte changed.</summary>
    public HashSet<string> Damaged { get; } = [];

    /// <summary>Answers to all requests to the hub: a status and an error code.</summary>
    public (int Status, string? Code)? Refusal { get; set; }

    public bool IgnoresRanges { get; set; }

    /// <summary>Requests: method, path, Range and Authorization; "store" in front of the second server's.</summary>
    public ConcurrentQueue<(string Request, string Range, string Authorization)> Requests { get; } = [];

    public Uri Address => new(AddressOf(_hub));

    public static async Task<LocalHub> StartAsync()
    {
        var hub = new LocalHub(Build(), Build());
        hub._hub.Run(hub.AnswerAsync);
        hub._store.Run(hub.ServeStoredAsync);
        await hub._hub.StartAsync();
        await hub._store.StartAsync();
        return hub;
    }

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

#pragma warning disable CA5350 // SHA-1 is what git names blobs by
    public static string GitSha1(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")), .. content]));
#pragma warning restore CA5350

    /// <summary>Where the client tells its progress, in tests that cut connections.</summary>
    public void Report(HubProgress value)
    {
        if (_arrived.CurrentCount == 0)
        {
            _arrived.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _arrived.Dispose();
        await _hub.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }

    private static string AddressOf(WebApplication server) => server.Urls.First();

    private Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        Record(context, "");
        if (Refusal is var (status, code))
        {
            context.Response.StatusCode = status;
            context.Response.Headers["X-Error-Code"] = code;
            return Task.CompletedTask;
        }

        if (path is $"/api/models/{Repository}/revision/main" or $"/api/models/{Repository}/revision/{Commit}")
        {
            return context.Response.WriteAsJsonAsync(new { sha = Commit, siblings = Files.Keys.Select(name => new { rfilename = name }) });
        }

        var prefix = $"/{Repository}/resolve/{Commit}/";
        if (!path.StartsWith(prefix, StringComparison.Ordinal) || !Files.TryGetValue(path[prefix.Length..], out var content))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.Headers["X-Error-Code"] = path.StartsWith("/api/models/" + Repository, StringComparison.Ordinal) ? "RevisionNotFound" : "RepoNotFound";
            return Task.CompletedTask;
        }

        var name = path[prefix.Length..];
        if (name.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            context.Response.Headers["X-Linked-Etag"] = $"\"{Sha256(content)}\"";
            context.Response.Headers["X-Linked-Size"] = content.Length.ToString(CultureInfo.InvariantCulture);
            context.Response.Redirect($"{AddressOf(_store)}/{name}?signature=1");
            return Task.CompletedTask;
        }

        context.Response.Headers.ETag = $"\"{GitSha1(content)}\"";
        return SendAsync(context, name, content);
    }

    private Task ServeStoredAsync(HttpContext context)
    {
        Record(context, "store ");
        var name = context.Request.Path.Value?.TrimStart('/') ?? "";
        return SendAsync(context, name, Files[name]);
    }

    private async Task SendAsync(HttpContext context, string name, byte[] content)
    {
        var from = 0;
        if (!IgnoresRanges && context.Request.GetTypedHeaders().Range?.Ranges.First().From is { } first)
        {
            from = (int)first;
            context.Response.StatusCode = from < content.Length ? StatusCodes.Status206PartialContent : StatusCodes.Status416RangeNotSatisfiable;
            context.Response.Headers.ContentRange = from < content.Length ? $"bytes {from}-{content.Length - 1}/{content.Length}" : $"bytes */{content.Length}";
            if (from >= content.Length)
            {
                return;
            }
        }

        context.Response.ContentLength = content.Length - from;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        var sent = content.AsSpan(from).ToArray();
        await _arrived.WaitAsync(0);
        sent[^1] ^= (byte)(Damaged.Contains(name) ? 1 : 0);
        if (sent.Length > 1000 && Cuts.TryDequeue(out var cut))
        {
            await context.Response.Body.WriteAsync(sent.AsMemory(0, cut));
            await context.Response.Body.FlushAsync();
            await _arrived.WaitAsync(); // what is under way when a connection is reset may get lost
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(sent);
    }

    private void Record(HttpContext context, string server) => Requests.Enqueue((
        $"{server}{context.Request.Method} {context.Request.Path}", context.Request.Headers.Range.ToString(), context.Request.Headers.Authorization.ToString()));
}
