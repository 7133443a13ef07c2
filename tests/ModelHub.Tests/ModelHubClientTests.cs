using System.Text;

namespace Rlhf.ModelHub.Tests;

public sealed class ModelHubClientTests : IDisposable
{
    private static readonly HubModelId Model = new(LocalHub.Repository, HubModelId.DefaultRevision);

    private readonly string _cache = Directory.CreateTempSubdirectory("hub-test").FullName;

    private string ModelFolder => Path.Combine(_cache, "models--owner--tiny");

    private string Weights => Path.Combine(ModelFolder, "snapshots", LocalHub.Commit, "model.safetensors");

    [Fact]
    public async Task Only_needed_files_come_and_lie_as_the_python_client_lays_them()
    {
        Assert.Equal("ce013625030ba8dba906f756967f9e9ca394464a", LocalHub.GitSha1("hello\n"u8.ToArray())); // as git hash-object says
        await using var hub = await LocalHub.StartAsync();
        var progress = new List<HubProgress>();

        var folder = await Client(hub).GetAsync(Model, new Recorder(progress), TestContext.Current.CancellationToken);

        Assert.Equal(Path.Combine(ModelFolder, "snapshots", LocalHub.Commit), folder);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
        Assert.Equal(LocalHub.Commit, File.ReadAllText(Path.Combine(ModelFolder, "refs", "main")));
        Assert.Equal(Path.Combine("..", "..", "blobs", LocalHub.Sha256(hub.Files["model.safetensors"])), new FileInfo(Weights).LinkTarget);
        Assert.Equal(Path.Combine("..", "..", "blobs", LocalHub.GitSha1(hub.Files["config.json"])), new FileInfo(Path.Combine(folder, "config.json")).LinkTarget);
        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Weights));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(ModelFolder, "blobs")).Length);
        Assert.Equal(progress[^1].TotalBytes, progress[^1].Bytes);
        Assert.Equal(hub.Files["config.json"].Length + hub.Files["tokenizer.json"].Length + 3_000_000, progress[^1].Bytes);
        Assert.Equal(progress.Select(p => p.Bytes).Order(), progress.Select(p => p.Bytes));
    }

    [Fact]
    public async Task What_is_there_is_not_downloaded_again()
    {
        await using var hub = await LocalHub.StartAsync();
        await Client(hub).GetAsync(Model, null, TestContext.Current.CancellationToken);
        hub.Requests.Clear();

        await Client(hub).GetAsync(Model, null, TestContext.Current.CancellationToken);

        Assert.Equal([$"GET /api/models/{LocalHub.Repository}/revision/main"], hub.Requests.Select(r => r.Request));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cut_download_goes_on_where_it_ended_or_begins_anew_where_the_server_can_not(bool ignoresRanges)
    {
        await using var hub = await LocalHub.StartAsync();
        hub.IgnoresRanges = ignoresRanges;
        hub.Cuts.Enqueue(1_000_000);
        hub.Cuts.Enqueue(500_000);

        await Client(hub).GetAsync(Model, hub, TestContext.Current.CancellationToken);

        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Weights));
        var ranges = hub.Requests.Where(r => r.Request.StartsWith("store", StringComparison.Ordinal)).Select(r => r.Range).ToList();
        Assert.Equal(3, ranges.Count);
        Assert.Equal("", ranges[0]);
        Assert.All(ranges[1..], range => Assert.Matches("^bytes=[1-9][0-9]*-$", range));
    }

    [Fact]
    public async Task A_later_start_goes_on_where_an_earlier_one_was_cut_for_good()
    {
        await using var hub = await LocalHub.StartAsync();
        hub.Cuts.Enqueue(1_000_000);
        var said = await RefusalAsync(Client(hub, maxRetries: 0), hub);
        Assert.Contains("ended after", said, StringComparison.Ordinal);
        var partial = Assert.Single(Directory.GetFiles(Path.Combine(ModelFolder, "blobs"), "*.incomplete"));
        var length = new FileInfo(partial).Length;
        Assert.InRange(length, 1, 1_000_000);
        hub.Requests.Clear();

        await Client(hub).GetAsync(Model, null, TestContext.Current.CancellationToken);

        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Weights));
        Assert.Equal([$"bytes={length}-"], hub.Requests.Where(r => r.Request.StartsWith("store", StringComparison.Ordinal)).Select(r => r.Range));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(3_000_000)]
    [InlineData(4_000_000)]
    public async Task A_bad_beginning_from_an_earlier_start_is_replaced(int length)
    {
        await using var hub = await LocalHub.StartAsync();
        var blob = Path.Combine(ModelFolder, "blobs", LocalHub.Sha256(hub.Files["model.safetensors"]));
        Directory.CreateDirectory(Path.Combine(ModelFolder, "blobs"));
        File.WriteAllBytes(blob + ".incomplete", new byte[length]);

        await Client(hub).GetAsync(Model, null, TestContext.Current.CancellationToken);

        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Weights));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task A_file_with_another_checksum_is_refused_and_not_kept(string name)
    {
        await using var hub = await LocalHub.StartAsync();
        hub.Damaged.Add(name);

        Assert.StartsWith($"{name} of owner/tiny came with another checksum", await RefusalAsync(Client(hub)), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(ModelFolder, "snapshots", LocalHub.Commit, name)));
        Assert.Empty(Directory.GetFiles(Path.Combine(ModelFolder, "blobs"), "*.incomplete"));
    }

    [Fact]
    public async Task The_token_goes_to_the_endpoint_and_to_no_other_host()
    {
        await using var hub = await LocalHub.StartAsync();

        await Client(hub, token: "hf_secret").GetAsync(Model, null, TestContext.Current.CancellationToken);

        Assert.Contains(hub.Requests, r => r.Request.StartsWith("store", StringComparison.Ordinal));
        Assert.All(hub.Requests, r => Assert.Equal(r.Request.StartsWith("store", StringComparison.Ordinal) ? "" : "Bearer hf_secret", r.Authorization));
    }

    [Theory]
    [InlineData(401, "GatedRepo", null, "is gated: accept its terms at")]
    [InlineData(403, "GatedRepo", "hf_x", "is gated: accept its terms at")]
    [InlineData(401, "RepoNotFound", null, "has no public model owner/tiny")]
    [InlineData(404, "RepoNotFound", "hf_x", "that the account of HF_TOKEN may read")]
    [InlineData(404, "RevisionNotFound", null, "has no revision 'main'")]
    [InlineData(401, null, "hf_x", "does not know the token in HF_TOKEN")]
    [InlineData(429, null, null, "limits how much is downloaded")]
    [InlineData(503, null, null, "answered 503")]
    [InlineData(200, null, null, "does not answer like the hub")]
    public async Task A_refusal_of_the_hub_is_one_sentence_with_what_to_do(int status, string? code, string? token, string said)
    {
        await using var hub = await LocalHub.StartAsync();
        hub.Refusal = (status, code);

        Assert.Contains(said, await RefusalAsync(Client(hub, token: token)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_without_safetensors_or_configuration_is_refused_before_anything_is_downloaded()
    {
        await using var hub = await LocalHub.StartAsync();
        hub.Files.Remove("model.safetensors");
        Assert.Contains("no weights as model.safetensors", await RefusalAsync(Client(hub)), StringComparison.Ordinal);
        hub.Files.Remove("config.json");
        Assert.Contains("no config.json", await RefusalAsync(Client(hub)), StringComparison.Ordinal);
        Assert.False(Directory.Exists(ModelFolder));
    }

    [Fact]
    public async Task Shards_are_those_of_the_index()
    {
        await using var hub = await LocalHub.StartAsync();
        hub.Files.Remove("model.safetensors");
        hub.Files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes("""{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors","c":"model-1.safetensors"}}""");
        hub.Files["model-1.safetensors"] = [1, 2, 3];
        hub.Files["model-2.safetensors"] = [4];
        hub.Files["other.safetensors"] = [5];

        var folder = await Client(hub).GetAsync(Model, null, TestContext.Current.CancellationToken);

        Assert.Equal(
            ["config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json", "tokenizer.json"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("../../../evil.safetensors")]
    [InlineData("a/b.safetensors")]
    [InlineData("evil.sh")]
    public async Task An_index_that_leads_elsewhere_is_refused(string shard)
    {
        await using var hub = await LocalHub.StartAsync();
        hub.Files.Remove("model.safetensors");
        hub.Files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes("{\"weight_map\":{\"a\":\"" + shard + "\"}}");

        Assert.Contains("not plain .safetensors files", await RefusalAsync(Client(hub)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offline_the_cache_answers_or_the_sentence_says_what_to_do()
    {
        await using var hub = await LocalHub.StartAsync();
        Assert.Contains("HF_HUB_OFFLINE", await RefusalAsync(Client(hub, isOffline: true)), StringComparison.Ordinal);
        var folder = await Client(hub).GetAsync(Model, null, TestContext.Current.CancellationToken);
        hub.Requests.Clear();

        Assert.Equal(folder, await Client(hub, isOffline: true).GetAsync(Model, null, TestContext.Current.CancellationToken));
        Assert.Equal(folder, await Client(hub).GetAsync(new HubModelId(LocalHub.Repository, LocalHub.Commit), null, TestContext.Current.CancellationToken));
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task Without_a_network_the_cache_answers_or_the_sentence_says_what_to_do()
    {
        var hub = await LocalHub.StartAsync();
        var client = Client(hub);
        await using (hub)
        {
            await client.GetAsync(Model, null, TestContext.Current.CancellationToken);
        }

        Assert.EndsWith(LocalHub.Commit, await client.GetAsync(Model, null, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        File.Delete(Weights);
        Assert.Contains("can't be reached", await RefusalAsync(client), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    private static async Task<string> RefusalAsync(ModelHubClient client, IProgress<HubProgress>? progress = null)
    {
        var exception = await Assert.ThrowsAsync<HubException>(() => client.GetAsync(Model, progress, TestContext.Current.CancellationToken));
        Assert.EndsWith(".", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        return exception.Message;
    }

    private ModelHubClient Client(LocalHub hub, string? token = null, bool isOffline = false, int maxRetries = 5) => new(new HubOptions
    {
        Endpoint = hub.Address,
        CachePath = _cache,
        Token = token,
        IsOffline = isOffline,
        MaxRetries = maxRetries,
        RetryDelay = TimeSpan.Zero,
    });

    private sealed class Recorder(List<HubProgress> to) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => to.Add(value);
    }
}
