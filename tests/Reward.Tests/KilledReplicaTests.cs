using Rlhf.Clients.Reward;
using Rlhf.LanguageModels;

namespace Rlhf.Reward.Tests;

public sealed class KilledReplicaTests(BackingServersFixture servers) : IAsyncLifetime
{
    private const int Callers = 16;
    private const int CallsBeforeAndAfter = 200;
    private readonly string _folder = Directory.CreateTempSubdirectory("rlhf-killed-").FullName;
    private PublishingLearner? _learner;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private PublishingLearner Learner => _learner ?? throw new InvalidOperationException("The Learner is not running.");

    private string ModelFolder => Path.Combine(_folder, "v1");

    public async ValueTask InitializeAsync()
    {
        _learner = PublishingLearner.Start(Path.Combine(_folder, "learner"));
        await _learner.PublishAsync("v1", TinyModels.WriteRewardModel(ModelFolder, seed: 1));
    }

    public async ValueTask DisposeAsync()
    {
        await Learner.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_replica_killed_under_load_costs_no_call_and_every_item_is_answered_once_in_order()
    {
        await using var first = await RewardProcess.StartAsync(servers, Learner, _folder, Cancellation);
        await using var second = await RewardProcess.StartAsync(servers, Learner, _folder, Cancellation);
        using var client = new RewardClient(first.Address, second.Address);
        var (done, isStopping) = (0, false);
        var inFlightAtKill = 0;
        var inFlight = 0;
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var answered = new List<(string Text, ItemResult Result)>();
            for (var call = 0; !Volatile.Read(ref isStopping); call++)
            {
                string[] texts = [.. Enumerable.Range(0, 4).Select(item => $"{caller} {call} {item}")];
                Interlocked.Increment(ref inFlight);
                var results = await client.ScoreAsync(
                    texts.Select(text => RewardItem.Text("Hello?", text)), new ScoreOptions { Cache = CacheUse.Bypass }, Cancellation);
                Interlocked.Decrement(ref inFlight);
                answered.AddRange(texts.Zip(results));
                Interlocked.Increment(ref done);
            }
            return answered;
        })).ToArray();
        var stream = Task.Run(() => client.ScoreStreamAsync(Items(() => Volatile.Read(ref isStopping)), options: null, Cancellation).ToListAsync(Cancellation).AsTask());

        await WaitForCallsAsync(CallsBeforeAndAfter);
        await first.KillAsync();
        inFlightAtKill = Volatile.Read(ref inFlight);
        await WaitForCallsAsync(Volatile.Read(ref done) + CallsBeforeAndAfter);
        Volatile.Write(ref isStopping, true);
        var answers = (await Task.WhenAll(callers)).SelectMany(answered => answered).ToArray(); // a call that failed ends the test here
        var streamed = await stream;

        Assert.True(inFlightAtKill > 0, "no call was in flight");
        using var model = RewardModel.Load(ModelFolder);
        AssertScores(model, answers);
        Assert.Equal(Enumerable.Range(0, streamed.Count).Select(index => (long)index), streamed.Select(result => result.Index).Order());
        Assert.True(streamed.Count > 100, $"only {streamed.Count} streamed items");
        AssertScores(model, [.. streamed.Select(result => ($"streamed {result.Index}", result.Result))]);

        async Task WaitForCallsAsync(int calls)
        {
            while (Volatile.Read(ref done) < calls)
            {
                await Task.WhenAny([.. callers, Task.Delay(10, Cancellation)]);
                await (callers.FirstOrDefault(caller => caller.IsCompleted) ?? Task.CompletedTask); // says what went wrong with a call
            }
        }
    }

    private static async IAsyncEnumerable<RewardItem> Items(Func<bool> isStopping)
    {
        for (var i = 0; !isStopping(); i++)
        {
            yield return RewardItem.Text("Hello?", $"streamed {i}");
            await Task.Yield();
        }
    }

    private static void AssertScores(RewardModel model, IReadOnlyList<(string Text, ItemResult Result)> answers)
    {
        var expected = model.Score([.. answers.Select(answer => Tokens($"Hello? {answer.Text}"))]);
        Assert.All(expected.Zip(answers), pair => Assert.Equal(pair.First, pair.Second.Result.Required.Raw, 1e-5));
    }

    private static int[] Tokens(string text) => [.. System.Text.Encoding.UTF8.GetBytes(text).Select(value => (int)value), TinyModels.EosId];
}
