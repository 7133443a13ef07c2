using System.Net.Http.Json;
using System.Text.Json.Serialization;
using Rlhf.LanguageModels;

namespace Rlhf.Reward.Tests;

/// <summary>A trainer that knows one URL and nothing of this system: REINFORCE with the batch's mean as baseline, over whole answers.</summary>
public sealed class TrainerLoopTests(BackingServersFixture servers)
{
    private const int BatchSize = 32;
    private static readonly string[] s_answers = ["Yes.", "No.", "Mix flour, water, salt and yeast.", "I can't say.", "xxxxxxxx", "Ask the baker."];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trainer_that_speaks_only_get_reward_learns_what_the_model_prefers()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await reward.PublishAsync("v1", seed: 3);
        const string prompt = "\n\nHuman: How do I bake bread?\n\nAssistant:";
        var random = new Random(1);
        var logits = new double[s_answers.Length];

        for (var step = 0; step < 60; step++)
        {
            var policy = Softmax(logits);
            var drawn = Enumerable.Range(0, BatchSize).Select(_ => Draw(policy, random)).ToArray();
            var body = new { query = drawn.Select(i => $"{prompt} {s_answers[i]}</s>"), prompts = drawn.Select(_ => prompt), labels = drawn.Select(_ => "") };
            using var response = await reward.Http.PostAsJsonAsync("/get_reward", body, Cancellation);
            response.EnsureSuccessStatusCode();
            var rewards = (await response.Content.ReadFromJsonAsync<Answer>(Cancellation))?.Rewards ?? [];
            Assert.Equal(BatchSize, rewards.Length); // a trainer spreads a wrong number silently

            var (mean, deviation) = (rewards.Average(), Math.Sqrt(rewards.Average(value => value * value) - Math.Pow(rewards.Average(), 2)) + 1e-8);
            foreach (var (i, value) in drawn.Zip(rewards))
            {
                for (var k = 0; k < logits.Length; k++)
                {
                    logits[k] += .5 / BatchSize * ((value - mean) / deviation) * ((k == i ? 1 : 0) - policy[k]);
                }
            }
        }

        using var model = RewardModel.Load(reward.FolderOf("v1"));
        var own = model.Score([.. s_answers.Select(answer => System.Text.Encoding.UTF8.GetBytes($"{prompt} {answer}").Select(value => (int)value).Append(TinyModels.EosId).ToArray())]);
        var learnt = Softmax(logits);
        Assert.Equal(Array.IndexOf(own, own.Max()), Array.IndexOf(learnt, learnt.Max()));
        Assert.True(learnt.Max() > .5, $"the best answer has only {learnt.Max():P0}");
    }

    private static double[] Softmax(double[] logits)
    {
        var weights = logits.Select(logit => Math.Exp(logit - logits.Max())).ToArray();
        return [.. weights.Select(weight => weight / weights.Sum())];
    }

    private static int Draw(double[] policy, Random random)
    {
        var at = random.NextDouble();
        for (var i = 0; i < policy.Length - 1; i++)
        {
            at -= policy[i];
            if (at < 0)
            {
                return i;
            }
        }
        return policy.Length - 1;
    }

    private sealed record Answer([property: JsonPropertyName("rewards")] double[] Rewards, [property: JsonPropertyName("scores")] double[] Scores);
}
