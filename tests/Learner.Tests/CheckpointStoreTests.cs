using Microsoft.Extensions.Logging;
using Rlhf.Learner.Checkpoints;

namespace Rlhf.Learner.Tests;

public sealed class CheckpointStoreTests : IDisposable
{
    private static readonly CheckpointPolicy s_keepTwo = new(2, 0, long.MaxValue);
    private readonly string _root = Directory.CreateTempSubdirectory("checkpoint-tests-").FullName;
    private readonly Sentences _log = new();

    private string Folder => Path.Combine(_root, "store");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_newest_checkpoint_is_found_with_its_files()
    {
        var store = Filled(1, 2, 10);
        var newest = store.Newest();
        Assert.Equal(10, newest?.Number);
        Assert.Equal("a of 10", File.ReadAllText(newest?.PathOf("a.txt") ?? ""));
        Assert.Throws<InvalidDataException>(() => newest?.PathOf("other.txt"));
        Assert.Equal([10, 2], store.Numbers);
    }

    [Fact]
    public void Nothing_is_found_where_nothing_was_written() => Assert.Null(Store().Newest());

    [Theory]
    [InlineData("truncated", "a.txt has 3 bytes and not 6")]
    [InlineData("flipped", "a.txt has another checksum than when it was written")]
    [InlineData("missing", "Could not find file")]
    [InlineData("manifest missing", "Could not find file")]
    [InlineData("manifest truncated", "manifest.json is damaged")]
    [InlineData("manifest flipped", "manifest.json is damaged")]
    [InlineData("empty", "Could not find file")]
    public void A_damaged_checkpoint_is_passed_over_with_a_sentence(string damage, string sentence)
    {
        var store = Filled(1, 2);
        Damage(Path.Combine(Folder, "2"), damage);
        var newest = store.Newest();
        Assert.Equal(1, newest?.Number);
        Assert.Contains(_log.All, line => line.Contains(sentence, StringComparison.Ordinal) && line.Contains("the one before it is taken", StringComparison.Ordinal));
        Assert.Equal([1], store.Numbers);
        store.Save(2, Write(2));
        Assert.Equal(2, store.Newest()?.Number);
    }

    [Fact]
    public void Every_flipped_bit_of_a_checkpoint_is_seen()
    {
        var store = Filled(1);
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Folder, "1")).ToArray())
        {
            var whole = File.ReadAllBytes(path);
            for (var bit = 0; bit < whole.Length * 8; bit++)
            {
                var flipped = whole.ToArray();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                File.WriteAllBytes(path, flipped);
                Assert.True(store.Find(1) is null, $"bit {bit} of {Path.GetFileName(path)}");
            }

            File.WriteAllBytes(path, whole);
        }

        Assert.NotNull(store.Find(1));
    }

    [Fact]
    public void A_half_written_folder_of_a_killed_process_is_no_checkpoint()
    {
        var store = Filled(1);
        var partial = Directory.CreateDirectory(Path.Combine(Folder, "partial")).FullName;
        File.WriteAllText(Path.Combine(partial, "a.txt"), "half");
        File.WriteAllText(Path.Combine(partial, "left over.txt"), "half");
        Assert.Equal(1, store.Newest()?.Number);
        store.Save(2, Write(2));
        Assert.Equal(["a.txt", "b.txt", "manifest.json"], Directory.EnumerateFiles(Path.Combine(Folder, "2")).Select(Path.GetFileName).Order());
        Assert.False(Directory.Exists(partial));
    }

    [Fact]
    public void A_full_disk_keeps_the_last_good_one_and_says_so()
    {
        var store = Filled(1, 2);
        // The kernel's own full device: its writes fail as those of a full disk do.
        Assert.False(store.TrySave(3, folder =>
        {
            Write(3)(folder);
            File.WriteAllText("/dev/full", "more");
        }));
        Assert.Contains(_log.All, line => line.Contains("No space left on device", StringComparison.Ordinal) && line.Contains("training goes on", StringComparison.Ordinal));
        Assert.Equal(2, store.Newest()?.Number);
        Assert.Equal([2, 1], store.Numbers);
        Assert.True(store.TrySave(3, Write(3)));
        Assert.Equal(3, store.Newest()?.Number);
    }

    [Fact]
    public void A_file_in_the_way_is_a_warning_and_no_more()
    {
        File.WriteAllText(Folder, "in the way");
        var store = Store();
        Assert.False(store.TrySave(1, Write(1)));
        Assert.Throws<IOException>(() => store.Save(1, Write(1)));
        Assert.Null(store.Newest());
        File.Delete(Folder);
        Assert.True(store.TrySave(1, Write(1)));
        File.WriteAllText(Path.Combine(Folder, "partial"), "in the way");
        Assert.False(store.TrySave(2, Write(2)));
        Assert.Equal(1, store.Newest()?.Number);
    }

    [Fact]
    public void Another_jobs_checkpoint_is_not_gone_on_from()
    {
        Filled(1, 2);
        Assert.Equal(2, Store(null).Newest()?.Number);
        Assert.Null(Store("other data").Newest());
        Assert.Contains(_log.All, line => line.Contains("other options or data", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, 0, 1000, "8 9")]
    [InlineData(2, 4, 1000, "3 4 7 8 9")] // 3 and 4: what step 4 needs to be replayed
    [InlineData(1, 1, 1000, "1 2 3 4 5 6 7 8 9")]
    [InlineData(2, 1, 35, "7 8 9")]
    [InlineData(2, 1, 5, "8 9")] // the newest stay, however large
    public void Old_checkpoints_are_pruned_by_the_policy(int keepNewest, int keepEvery, long maxBytes, string kept)
    {
        var policy = new CheckpointPolicy(keepNewest, keepEvery, maxBytes);
        var numbers = Enumerable.Range(1, 9).Select(number => (long)number).ToDictionary(number => number, _ => 10L);
        Assert.Equal(kept, string.Join(' ', numbers.Keys.Except(policy.Superfluous(numbers)).Order()));
    }

    private static Action<string> Write(long number) => folder =>
    {
        File.WriteAllText(Path.Combine(folder, "a.txt"), $"a of {number}");
        File.WriteAllText(Path.Combine(folder, "b.txt"), $"b of {number}");
    };

    private static void Damage(string folder, string damage)
    {
        var path = Path.Combine(folder, damage.StartsWith("manifest", StringComparison.Ordinal) ? "manifest.json" : "a.txt");
        var content = File.ReadAllBytes(path);
        switch (damage.Split(' ')[^1])
        {
            case "truncated":
                File.WriteAllBytes(path, content[..(content.Length / 2)]);
                break;
            case "flipped":
                content[content.Length / 2] ^= 1;
                File.WriteAllBytes(path, content);
                break;
            case "missing":
                File.Delete(path);
                break;
            case "empty":
                Directory.Delete(folder, recursive: true);
                Directory.CreateDirectory(folder);
                break;
            default:
                throw new ArgumentException($"No damage is called '{damage}'.", nameof(damage));
        }
    }

    private CheckpointStore Store(string? fingerprint = "job") => new(Folder, s_keepTwo, fingerprint, _log);

    private CheckpointStore Filled(params long[] numbers)
    {
        var store = Store();
        foreach (var number in numbers)
        {
            store.Save(number, Write(number));
        }

        return store;
    }

    private sealed class Sentences : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
