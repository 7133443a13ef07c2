using System.CommandLine;
using System.Diagnostics;
using Grpc.Core;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;
using Rlhf.V1;
using TorchSharp;

namespace Rlhf.Benchmarks;

/// <summary>The Reward service against the bare forward pass on the same batches, from the cache, under a burst, and during a take-over.</summary>
internal static class RewardBenchmark
{
    private const int Rounds = 5;
    private const int BatchItems = 128;
    public const string Prompt = "\n\nHuman: How do I bake bread?\n\nAssistant:";

    // The shapes of stories260K and of the 5M model of the decoding benchmark.
    private static readonly (string Name, ModelConfig Shape, int Batches, int BurstRounds)[] s_models =
    [
        ("260K", Shape(vocabulary: 512, width: 64, inner: 172, layers: 5), 8, 3),
        ("5M", Shape(vocabulary: 2048, width: 256, inner: 688, layers: 6), 2, 1),
    ];

    /// <summary>The command "reward".</summary>
    public static Command Create(Option<int> threads)
    {
        var command = new Command("reward", "The Reward service against the bare forward pass, from the cache, under a burst, and during a take-over.") { threads };
        command.SetAction(parsed => RunAsync(parsed.GetValue(threads)));
        return command;
    }

    public static async Task RunAsync(int threads)
    {
        torch.set_num_threads(threads);
        foreach (var (name, shape, batches, burstRounds) in s_models)
        {
            await using var service = await RewardBenchmarkService.StartAsync(shape, threads);
            var folder = await service.PublishAsync("v1", seed: 1);
            Console.WriteLine($"{name}, {threads} threads, batches of {BatchItems} answers of 20 to 160 characters, a token each");
            await MeasureThroughputAsync(service, folder, threads, Texts(batches * BatchItems, seed: 1));
            await MeasureCacheAsync(service, Texts(1024, seed: 2));
            await RewardBurst.MeasureAsync(service, folder, Texts(2000, seed: 3), burstRounds);
        }
    }

    /// <summary>An item to be computed.</summary>
    public static ScoreItem Item(string text) => new() { Text = new PromptAndResponse { Prompt = Prompt, Response = text } };

    /// <summary>What the model sees of an item.</summary>
    public static int[] Tokens(string text) =>
        [.. System.Text.Encoding.UTF8.GetBytes($"{Prompt} {text}").Select(value => (int)value), RewardBenchmarkService.EosId];

    public static ScoreBatchRequest Request(IEnumerable<string> texts, CachePolicy cache) => new() { Cache = cache, Items = { texts.Select(Item) } };

    private static async Task MeasureThroughputAsync(RewardBenchmarkService service, string folder, int threads, string[] texts)
    {
        using var loaded = RewardModel.Load(folder);
        using var bare = new PackedRewardModel(loaded, threads);
        var (client, channel) = service.Connect();
        using var _ = channel;
        var batches = texts.Chunk(BatchItems).ToArray();
        var tokens = batches.Select(batch => batch.Select(Tokens).ToArray()).ToArray();
        var (ofBare, ofBatch, ofStream) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            foreach (var batch in tokens)
            {
                bare.Score(batch);
            }
            ofBare.Add(texts.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);

            // Two calls at a time: one is scored while the other is read.
            started = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (batch, cancellationToken) =>
                Require((await client.ScoreBatchAsync(Request(batch, CachePolicy.Bypass), cancellationToken: cancellationToken)).Results, batch.Length));
            ofBatch.Add(texts.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);

            started = Stopwatch.GetTimestamp();
            await StreamAsync(client, texts);
            ofStream.Add(texts.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        var (b, s, f) = (Median(ofBatch), Median(ofStream), Median(ofBare));
        Console.WriteLine($"  bare forward pass {f:F0} items/s ({f * tokens.SelectMany(batch => batch).Average(item => item.Length):F0} tokens/s)");
        Console.WriteLine($"  ScoreBatch {b:F0} items/s, {b / f:P0} of it; ScoreStream {s:F0} items/s, {s / f:P0} of it (medians of {Rounds} rounds)");
    }

    private static async Task StreamAsync(RewardService.RewardServiceClient client, string[] texts)
    {
        using var call = client.ScoreStream();
        var reading = Task.Run(async () =>
        {
            var results = new ScoreResult[texts.Length];
            await foreach (var response in call.ResponseStream.ReadAllAsync())
            {
                results[int.Parse(response.ItemId, System.Globalization.CultureInfo.InvariantCulture)] = response.Result;
            }
            Require(results, texts.Length);
        });
        for (var i = 0; i < texts.Length; i++)
        {
            await call.RequestStream.WriteAsync(new ScoreStreamRequest { ItemId = $"{i}", Item = Item(texts[i]), Cache = CachePolicy.Bypass });
        }
        await call.RequestStream.CompleteAsync();
        await reading;
    }

    private static async Task MeasureCacheAsync(RewardBenchmarkService service, string[] texts)
    {
        var (client, channel) = service.Connect();
        using var _ = channel;
        var request = Request(texts, CachePolicy.Use);
        await client.ScoreBatchAsync(request);
        var rates = new List<double>();
        var bytes = new List<double>();
        for (var round = 0; round <= Rounds; round++)
        {
            var (started, allocated) = (Stopwatch.GetTimestamp(), GC.GetTotalAllocatedBytes());
            await Parallel.ForAsync(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (_, cancellationToken) =>
            {
                var answer = await client.ScoreBatchAsync(request, cancellationToken: cancellationToken);
                if (answer.Results.Any(result => !result.FromCache))
                {
                    throw new InvalidOperationException("An item was not in the cache.");
                }
            });
            rates.Add(16 * texts.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
            bytes.Add((GC.GetTotalAllocatedBytes() - allocated) / (16.0 * texts.Length));
        }
        Console.WriteLine($"  from the cache {Median(rates):F0} items/s; {Median(bytes):F0} bytes allocated an item, the client's share included");
    }

    private static void Require(IReadOnlyCollection<ScoreResult> results, int count)
    {
        if (results.Count != count || results.Any(result => result is not { HasRaw: true }))
        {
            throw new InvalidOperationException("An item has no score.");
        }
    }

    // The first round warms up.
    private static double Median(List<double> rounds) => rounds.Skip(1).Order().ElementAt(Rounds / 2);

    private static string[] Texts(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => string.Create(random.Next(20, 161), random, static (span, source) =>
        {
            foreach (ref var character in span)
            {
                character = (char)source.Next('a', 'z' + 1);
            }
        }))];
    }

    private static ModelConfig Shape(int vocabulary, int width, int inner, int layers) => new()
    {
        VocabularySize = vocabulary,
        HiddenSize = width,
        IntermediateSize = inner,
        Layers = layers,
        Heads = 8,
        KeyValueHeads = 4,
        HeadSize = width / 8,
        ContextLength = 512,
        HasTiedHead = true,
    };
}
