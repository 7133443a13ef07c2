using System.Diagnostics;
using System.Text;

namespace Rlhf.Artifacts.Tests;

public sealed class ArtifactStoreTests : IDisposable
{
    // sha256sum of the three bytes "abc", FIPS 180-4's first example.
    private const string AbcDigest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_content_is_found_under_its_sha256()
    {
        var store = new ArtifactStore(_folder.Path);
        Assert.False(store.Contains(AbcDigest));

        var stored = await store.AddAsync(new MemoryStream("abc"u8.ToArray()), Cancellation);

        Assert.Equal(new StoredArtifact(AbcDigest, 3), stored);
        Assert.True(store.Contains(AbcDigest));
        using var reader = new StreamReader(store.OpenRead(AbcDigest));
        Assert.Equal("abc", await reader.ReadToEndAsync(Cancellation));
        Assert.True(new ArtifactStore(_folder.Path).Contains(AbcDigest));
    }

    [Fact]
    public async Task The_same_content_is_kept_once_and_leaves_no_partial_file()
    {
        var store = new ArtifactStore(_folder.Path);
        var adds = Enumerable.Range(0, 8).Select(_ => store.AddAsync(new MemoryStream("abc"u8.ToArray()), Cancellation));

        Assert.All(await Task.WhenAll(adds), stored => Assert.Equal(AbcDigest, stored.Sha256));
        Assert.Equal(store.PathOf(AbcDigest), Assert.Single(Files()));
    }

    [Fact]
    public async Task A_content_that_breaks_off_leaves_nothing()
    {
        var store = new ArtifactStore(_folder.Path);
        await Assert.ThrowsAsync<EndOfStreamException>(() => store.AddAsync(new BreakingStream(3_000_000), Cancellation));
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Reading_goes_on_from_an_offset()
    {
        var store = new ArtifactStore(_folder.Path);
        var content = new byte[700_000];
        new Random(1).NextBytes(content);
        var stored = await store.AddAsync(new MemoryStream(content), Cancellation);

        var read = new List<byte>();
        await foreach (var chunk in store.ReadAsync(stored.Sha256, 123_456, Cancellation))
        {
            read.AddRange(chunk.Data);
        }

        Assert.Equal(content[123_456..], read);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await store.ReadAsync(stored.Sha256, 700_001, Cancellation).FirstAsync(Cancellation));
    }

    [Fact]
    public async Task A_folder_is_added_with_the_relative_names_of_its_files()
    {
        using var source = new TemporaryFolder();
        source.File("b/nested.bin", "abc"u8.ToArray());
        source.File("a.txt", Encoding.UTF8.GetBytes(""));

        var files = await new ArtifactStore(_folder.Path).AddFolderAsync(source.Path, Cancellation);

        Assert.Equal(["a.txt", "b/nested.bin"], files.Select(file => file.Name));
        Assert.Equal([0L, 3L], files.Select(file => file.SizeBytes));
        Assert.Equal(AbcDigest, files[1].Sha256);
    }

    [Theory]
    [InlineData("../../../../etc/passwd")]
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("")]
    public void Only_a_digest_is_an_address(string text)
    {
        var store = new ArtifactStore(_folder.Path);
        Assert.Throws<ArgumentException>(() => store.Contains(text));
        Assert.Throws<ArgumentException>(() => store.OpenRead(text));
    }

    [Fact]
    public void A_content_that_is_not_here_is_an_error_that_names_it()
    {
        var error = Assert.Throws<FileNotFoundException>(() => new ArtifactStore(_folder.Path).OpenRead(AbcDigest));
        Assert.Contains(AbcDigest, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_killed_process_left_is_deleted_after_a_day()
    {
        var old = _folder.File("partial/old.tmp", [1]);
        var young = _folder.File("partial/young.tmp", [1]);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-25));

        _ = new ArtifactStore(_folder.Path);

        Assert.Equal([young], Files());
    }

    [Fact]
    public async Task A_full_disk_is_said_with_the_remedy_and_leaves_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && TryMountOneMebibyte(_folder.Path), "A file system of 1 MiB can be mounted only by root on Linux.");
        try
        {
            var store = new ArtifactStore(_folder.Path);
            var error = await Assert.ThrowsAsync<ArtifactStoreException>(
                () => store.AddAsync(new MemoryStream(new byte[3_000_000]), Cancellation));

            Assert.Contains("No space is left", error.Message, StringComparison.Ordinal);
            Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
            Assert.Empty(Files());
        }
        finally
        {
            Run("umount", _folder.Path);
        }
    }

    private string[] Files() => Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);

    private static bool TryMountOneMebibyte(string path) => Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path);

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        process?.WaitForExit();
        return process?.ExitCode == 0;
    }

    private sealed class BreakingStream(int breaksAfter) : MemoryStream
    {
        private int _left = breaksAfter;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _left -= buffer.Length;
            return _left > 0 ? ValueTask.FromResult(buffer.Length) : throw new EndOfStreamException("broken off");
        }
    }
}
