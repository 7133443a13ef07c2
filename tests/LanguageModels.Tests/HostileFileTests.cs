using System.Diagnostics;
using System.Text.RegularExpressions;
using Rlhf.LanguageModels.Decoding;
using Rlhf.Testing;

namespace Rlhf.LanguageModels.Tests;

/// <summary>Alone, since it looks at the memory of the process.</summary>
[CollectionDefinition(nameof(HostileFileTests), DisableParallelization = true)]
[Collection(nameof(HostileFileTests))]
public sealed partial class HostileFileTests : IDisposable
{
    private const long MaxAllocatedBeyondTheFiles = 1 << 20;
    private const long MaxNativeGrowth = 256 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("hostile-test").FullName;

    [Theory]
    [InlineData("models/tiny-hf/llama", "model.safetensors", 1200)]
    [InlineData("models/tiny-hf/llama", "config.json", 1000)]
    [InlineData("models/tiny-hf/gpt2", "config.json", 300)]
    [InlineData("models/tiny-hf/qwen2", "config.json", 300)]
    [InlineData("models/stories260K/hf", "model.safetensors", 500)]
    [InlineData("models/stories260K/hf", "config.json", 200)]
    [InlineData("models/stories260K/hf-sharded", "model.safetensors.index.json", 250)]
    [InlineData("models/stories260K/hf-sharded", "model-00002-of-00002.safetensors", 150)]
    public void Damaged_files_load_or_are_refused_in_one_sentence_at_once_and_without_much_memory(string fixture, string name, int cases)
    {
        var files = Directory.GetFiles(Fixtures.Path(fixture)).Where(f => Path.GetFileName(f) is "config.json" || f.Contains("safetensors", StringComparison.Ordinal))
            .ToDictionary(f => Path.GetFileName(f), File.ReadAllBytes);
        foreach (var (other, content) in files)
        {
            File.WriteAllBytes(Path.Combine(_folder, other), content);
        }

        using (CausalLanguageModel.Load(_folder))
        {
            // What the first load costs once (libtorch itself) is not what is measured.
        }

        var (refused, before) = (0, Process.GetCurrentProcess().PeakWorkingSet64);
        for (var seed = 0; seed < cases; seed++)
        {
            var damaged = new FileMutations(seed).Damage(name, [.. files[name]]);
            File.WriteAllBytes(Path.Combine(_folder, name), damaged);
            refused += Refuses(seed, files.Sum(f => f.Value.LongLength) + damaged.Length) ? 1 : 0;
        }

        Assert.InRange(refused, cases / 4, cases);
        // Some kernels report a peak that falls again.
        Assert.InRange(Process.GetCurrentProcess().PeakWorkingSet64 - before, long.MinValue, MaxNativeGrowth);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private bool Refuses(int seed, long fileBytes)
    {
        var (since, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        var exception = Record.Exception(seed % 2 == 0 ? Load : Pack);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.True(allocated < MaxAllocatedBeyondTheFiles + (4 * fileBytes), $"seed {seed}: {allocated} bytes allocated for {fileBytes} bytes of files");
        Assert.True(Stopwatch.GetElapsedTime(since).TotalSeconds < 5, $"seed {seed} took {Stopwatch.GetElapsedTime(since)}");
        if (exception is null)
        {
            return false;
        }

        Assert.True(exception is InvalidDataException, $"seed {seed}: {exception}");
        var said = exception.Message.Replace(_folder, "", StringComparison.Ordinal);
        Assert.True(
            said.Length < 500 && said.EndsWith('.') && !said.Any(char.IsControl) && !SecondSentence().IsMatch(said), $"seed {seed}: not one sentence: {said}");
        return true;
    }

    private void Load() => CausalLanguageModel.Load(_folder).Dispose();

    private void Pack()
    {
        using var checkpoint = new Checkpoint(_folder);
        DecodingModel.Pack(checkpoint, null, threads: 1).Dispose();
    }

    [GeneratedRegex(@"[.!?]\s+\p{Lu}")]
    private static partial Regex SecondSentence();
}
