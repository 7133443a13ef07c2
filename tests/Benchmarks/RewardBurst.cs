using System.Diagnostics;
using Rlhf.Clients.Reward;
using Rlhf.LanguageModels;

namespace Rlhf.Benchmarks;

/// <summary>Many callers at once, with the client that others use; then the same while another version takes over.</summary>
internal static class RewardBurst
{
    private const int Callers = 64;
    private const int CallItems = 4;

    public static async Task MeasureAsync(RewardBenchmarkService service, string folder, string[] texts, int rounds)
    {
        var expected = Expected(folder, texts);
        await BurstAsync(service, texts[..(texts.Length / 8)], new Dictionary<string, float[]> { ["v1"] = expected });
        var before = Resident();
        var milliseconds = new List<double>();
        var started = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds; round++)
        {
            milliseconds.AddRange((await BurstAsync(service, texts, new Dictionary<string, float[]> { ["v1"] = expected })).Milliseconds);
        }
        var rate = rounds * texts.Length / Stopwatch.GetElapsedTime(started).TotalSeconds;
        milliseconds.Sort();
        Console.WriteLine(
            $"  {texts.Length} items from {Callers} callers at once, {CallItems} a call: all answered once, in order, with their own score; {rate:F0} items/s, "
            + $"p50 {At(milliseconds, .5):F0} ms, p99 {At(milliseconds, .99):F0} ms a call; resident memory {before} MB before, {Resident()} MB after");

        var second = await service.PublishAsync("v2", seed: 2);
        var both = new Dictionary<string, float[]> { ["v1"] = expected, ["v2"] = Expected(second, texts) };
        using var client = new RewardClient(service.Address);
        var takeOver = Task.Run(async () =>
        {
            await Task.Delay(200);
            await client.ListModelsAsync(CancellationToken.None); // looks for new versions, loads and adopts them
        });
        var calls = new Dictionary<string, int>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var version in (await BurstAsync(service, texts, both)).Versions)
            {
                calls[version] = calls.GetValueOrDefault(version) + 1;
            }
        }
        await takeOver;
        if (calls.Count < both.Count)
        {
            throw new InvalidOperationException("One version answered all calls: there was no take-over under load.");
        }
        Console.WriteLine(
            $"  a take-over under that load: 0 failed calls; {string.Join(", ", calls.OrderBy(call => call.Key).Select(call => $"{call.Value} calls by {call.Key}"))}, each by one version, with its score");
    }

    // A call that fails, an item without a score, out of order or of a mixture of versions ends the benchmark.
    private static async Task<(IEnumerable<double> Milliseconds, IEnumerable<string> Versions)> BurstAsync(
        RewardBenchmarkService service, string[] texts, Dictionary<string, float[]> expected)
    {
        using var client = new RewardClient(service.Address);
        var options = new ScoreOptions { Cache = CacheUse.Bypass, Timeout = TimeSpan.FromMinutes(5) };
        var calls = await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            var done = new List<(double, string)>();
            // Every 64th group of four is this caller's.
            foreach (var group in Enumerable.Range(0, texts.Length).Chunk(CallItems).Where((_, i) => i % Callers == caller))
            {
                var started = Stopwatch.GetTimestamp();
                var answer = await client.ScoreAsync(group.Select(i => RewardItem.Text(RewardBenchmark.Prompt, texts[i])), options, CancellationToken.None);
                var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                var version = answer[0].Required.ModelVersion;
                if (answer.Count != group.Length || answer.Zip(group).Any(pair =>
                    pair.First.Required.ModelVersion != version || Math.Abs(pair.First.Required.Raw - expected[version][pair.Second]) > 1e-4))
                {
                    throw new InvalidOperationException("An answer is not its item's.");
                }
                done.Add((elapsed, version));
            }
            return done;
        }));
        return (calls.SelectMany(call => call).Select(call => call.Item1), calls.SelectMany(call => call).Select(call => call.Item2));
    }

    private static float[] Expected(string folder, string[] texts)
    {
        using var model = RewardModel.Load(folder);
        return model.Score([.. texts.Select(RewardBenchmark.Tokens)]);
    }

    private static double At(List<double> sorted, double share) => sorted[(int)(share * (sorted.Count - 1))];

    private static long Resident()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 >> 20;
    }
}
