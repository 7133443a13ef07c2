using Grpc.Core;

namespace Rlhf.Artifacts.Tests;

public sealed class VersionCacheTests : IAsyncLifetime
{
    private readonly TemporaryFolder _published = new();
    private readonly TemporaryFolder _cached = new();
    private readonly PublishingLearner _learner;

    public VersionCacheTests() => _learner = PublishingLearner.Start(_published.Path);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _learner.DisposeAsync();
        _published.Dispose();
        _cached.Dispose();
    }

    [Fact]
    public async Task A_version_becomes_a_folder_with_its_named_files()
    {
        var weights = Bytes(2_000_000);
        await _learner.PublishAsync("run/reward-model/v1", ("config.json", "{}"u8.ToArray()), ("parts/model.safetensors", weights), ("empty", []));
        using var cache = NewCache();

        var cached = await cache.GetAsync("run/reward-model/v1", Cancellation);

        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(cached.Folder, "config.json"), Cancellation));
        Assert.Equal(weights, await File.ReadAllBytesAsync(Path.Combine(cached.Folder, "parts/model.safetensors"), Cancellation));
        Assert.Equal(2_000_000, new FileInfo(Path.Combine(cached.Folder, "parts/model.safetensors")).Length);
        Assert.Equal(3, Directory.GetFiles(cached.Folder, "*", SearchOption.AllDirectories).Length);
        Assert.StartsWith(_cached.Path, cached.Folder, StringComparison.Ordinal);
        Assert.Empty(Partials());
    }

    [Fact]
    public async Task A_version_is_fetched_once_by_all_callers_and_by_the_next_process()
    {
        await _learner.PublishAsync("v1", ("model.safetensors", Bytes(600_000)));
        var gate = new TaskCompletionSource();
        _learner.Gate = gate.Task;
        using var cache = NewCache();

        var calls = Enumerable.Range(0, 10).Select(_ => cache.GetAsync("v1", Cancellation)).ToArray();
        gate.SetResult();
        var folders = (await Task.WhenAll(calls)).Select(version => version.Folder).Distinct();
        using var nextProcess = NewCache();
        var again = await nextProcess.GetAsync("v1", Cancellation);

        Assert.Equal(again.Folder, Assert.Single(folders));
        Assert.Single(_learner.Downloads);
    }

    [Fact]
    public async Task Two_caches_on_one_folder_share_a_download()
    {
        await _learner.PublishAsync("v1", ("model.safetensors", Bytes(3_000_000)), ("config.json", "{}"u8.ToArray()));
        var gate = new TaskCompletionSource();
        _learner.Gate = gate.Task;
        using var first = NewCache();
        using var second = NewCache();

        var calls = new[] { first.GetAsync("v1", Cancellation), second.GetAsync("v1", Cancellation) };
        gate.SetResult();
        var versions = await Task.WhenAll(calls);

        Assert.Equal(versions[0].Folder, versions[1].Folder);
        Assert.Equal(2, _learner.Downloads.Count); // one for each file
        Assert.Empty(Partials());
    }

    [Fact]
    public async Task A_broken_download_goes_on_where_it_stopped()
    {
        var weights = Bytes(2_000_000);
        await _learner.PublishAsync("v1", ("model.safetensors", weights));
        _learner.BreakAfterChunks.Enqueue(3);
        _learner.BreakAfterChunks.Enqueue(1);
        using var cache = NewCache();

        var cached = await cache.GetAsync("v1", Cancellation);

        Assert.Equal(weights, await File.ReadAllBytesAsync(Path.Combine(cached.Folder, "model.safetensors"), Cancellation));
        var offsets = _learner.Downloads.Select(download => download.Offset).ToArray();
        Assert.Equal(3, offsets.Length);
        Assert.Equal(0, offsets[0]);
        Assert.True(offsets[1] > 0 && offsets[2] > offsets[1], string.Join(", ", offsets));
    }

    [Fact]
    public async Task What_a_killed_process_had_fetched_is_used()
    {
        var weights = Bytes(1_000_000);
        var version = await _learner.PublishAsync("v1", ("model.safetensors", weights));
        _cached.File($"partial/{version.Files[0].Sha256}.part", weights[..400_000]);
        using var cache = NewCache();

        await cache.GetAsync("v1", Cancellation);

        Assert.Equal(400_000, Assert.Single(_learner.Downloads).Offset);
    }

    [Fact]
    public async Task A_wrong_partial_file_is_fetched_anew()
    {
        var weights = Bytes(1_000_000);
        var version = await _learner.PublishAsync("v1", ("model.safetensors", weights));
        _cached.File($"partial/{version.Files[0].Sha256}.part", new byte[400_000]);
        using var cache = NewCache();

        var cached = await cache.GetAsync("v1", Cancellation);

        Assert.Equal(weights, await File.ReadAllBytesAsync(Path.Combine(cached.Folder, "model.safetensors"), Cancellation));
        Assert.Equal([400_000L, 0L], _learner.Downloads.Select(download => download.Offset));
    }

    [Fact]
    public async Task A_content_that_does_not_match_its_hash_is_never_kept()
    {
        await _learner.PublishAsync("v1", ("model.safetensors", Bytes(500_000)));
        _learner.Damage = data => [.. data[..^1], (byte)(data[^1] ^ 1)];
        using var cache = NewCache();

        var error = await Assert.ThrowsAsync<ArtifactStoreException>(() => cache.GetAsync("v1", Cancellation));

        Assert.Contains("does not match its SHA-256", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(_cached.Path, "sha256"), "*", SearchOption.AllDirectories));
        _learner.Damage = data => data; // published again: the same cache gets it
        await cache.GetAsync("v1", Cancellation);
    }

    [Fact]
    public async Task More_than_the_promised_size_is_refused()
    {
        await _learner.PublishAsync("v1", ("model.safetensors", Bytes(500_000)));
        _learner.Damage = data => [.. data, .. data];
        using var cache = NewCache();
        var error = await Assert.ThrowsAsync<ArtifactStoreException>(() => cache.GetAsync("v1", Cancellation));
        Assert.Contains("more than the 500000 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Less_than_the_promised_size_is_refused()
    {
        var version = await _learner.PublishAsync("v1", ("model.safetensors", Bytes(1_000)));
        version.Files[0].SizeBytes = 2_000;
        using var cache = NewCache();
        var error = await Assert.ThrowsAsync<ArtifactStoreException>(() => cache.GetAsync("v1", Cancellation));
        Assert.Contains("1000 of the 2000 bytes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/tmp/outside")]
    public async Task A_name_outside_the_folder_is_refused_before_anything_is_fetched(string name)
    {
        var version = await _learner.PublishAsync("v1", ("config.json", "{}"u8.ToArray()));
        version.Files[0].Name = name;
        using var cache = NewCache();
        await Assert.ThrowsAsync<ArgumentException>(() => cache.GetAsync("v1", Cancellation));
        Assert.Empty(_learner.Downloads);
    }

    [Fact]
    public async Task An_unknown_version_is_not_found_and_is_asked_for_again_the_next_time()
    {
        using var cache = NewCache();
        var error = await Assert.ThrowsAsync<RpcException>(() => cache.GetAsync("v1", Cancellation));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);

        await _learner.PublishAsync("v1", ("config.json", "{}"u8.ToArray()));
        Assert.Equal("v1", (await cache.GetAsync("v1", Cancellation)).Version.VersionId);
    }

    [Fact]
    public async Task A_caller_who_leaves_does_not_end_the_download_of_the_others()
    {
        await _learner.PublishAsync("v1", ("config.json", "{}"u8.ToArray()));
        var gate = new TaskCompletionSource();
        _learner.Gate = gate.Task;
        using var cache = NewCache();
        using var leaves = new CancellationTokenSource();

        var leaving = cache.GetAsync("v1", leaves.Token);
        var staying = cache.GetAsync("v1", Cancellation);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        gate.SetResult();

        Assert.Equal("v1", (await staying).Version.VersionId);
    }

    [Fact]
    public async Task Ids_that_look_alike_as_folder_names_get_folders_of_their_own()
    {
        await _learner.PublishAsync("run/v1", ("config.json", "{}"u8.ToArray()));
        await _learner.PublishAsync("run_v1", ("config.json", "{}"u8.ToArray()));
        using var cache = NewCache();
        Assert.NotEqual((await cache.GetAsync("run/v1", Cancellation)).Folder, (await cache.GetAsync("run_v1", Cancellation)).Folder);
    }

    private VersionCache NewCache() => new(_cached.Path, _learner.Client);

    private string[] Partials() => Directory.GetFileSystemEntries(Path.Combine(_cached.Path, "partial"));

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
