using System.Text.Json;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;

namespace Rlhf.Learner.Tests.CommandLine;

public sealed class WholeRoadTests : IDisposable
{
    private readonly TinyFolder _folder = new TinyFolder().WithModel();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fine_tuning_a_reward_model_and_PPO_follow_each_other()
    {
        _folder.Write("stories.jsonl", [.. Enumerable.Range(0, 60).Select(i => $$"""{"prompt": "Say {{i % 5}}:", "response": "{{(i % 2 == 0 ? "aaa" : "zzz")}}"}""")]);
        _folder.Write("pairs.jsonl", [.. Enumerable.Range(0, 60).Select(i => $$"""{"prompt": "Say {{i % 5}}:", "chosen": "aaa{{i}}", "rejected": "zzz{{i}}"}""")]);
        _folder.Train("sft", "tuned", "data: [{ file: stories.jsonl }]", "settings: { epochs: 10, learning-rate: 1e-2 }");
        _folder.Train("reward", "judge", "data: [{ file: pairs.jsonl }]", "settings: { epochs: 6, learning-rate: 1e-2 }");
        string[] config =
        [
            "model: tuned",
            "prompts: ['Say 0:', 'Say 1:', 'Say 2:', 'Say 3:', 'Say 4:']",
            "reward: { model: judge }",
            "baseline-responses: 40",
            "threads: 1",
            "settings: { steps: 3, rollouts-per-step: 32, max-new-tokens: 6, minibatch-size: 8, learning-rate: 2e-2 }",
        ];
        var (exitCode, output, error) = TinyFolder.Run("ppo", "--config", _folder.Write("ppo.yaml", [.. config, "output: policy"]));
        Assert.Equal((0, ""), (exitCode, error));
        var record = JsonElement.Parse(File.ReadAllText(Path.Combine(_folder["policy"], "training.json")));
        var results = record.GetProperty("results");
        Assert.True(results.GetProperty("reward_final").GetDouble() > results.GetProperty("reward_baseline").GetDouble(), results.ToString());
        Assert.Equal(
            (results.GetProperty("reward_final").GetDouble() - results.GetProperty("reward_baseline").GetDouble()) / results.GetProperty("reward_baseline_spread").GetDouble(),
            results.GetProperty("reward_gain_in_spreads").GetDouble(),
            1e-9);
        Assert.True(results.GetProperty("kl_after").GetDouble() > 0);
        Assert.Equal(results.GetProperty("reward_baseline").GetDouble(), record.GetProperty("normalisation").GetProperty("mean").GetDouble());
        Assert.Contains("The baseline's reward is", output, StringComparison.Ordinal);
        var steps = File.ReadLines(Path.Combine(_folder["policy"], "steps.jsonl")).Select(line => JsonElement.Parse(line)).ToArray();
        Assert.Equal(3, steps.Length);
        Assert.Equal(0, steps[0].GetProperty("kl").GetDouble(), 1e-5);
        Assert.All(steps, step => Assert.True(step.TryGetProperty("reward", out _)));
        Assert.False(Directory.Exists(Path.Combine(_folder["policy"], ".adapter")));
        using (var model = CausalLanguageModel.Load(_folder["tuned"]))
        using (var adapter = LoraAdapter.Load(model, _folder["policy"]))
        {
            Assert.True(adapter.ParameterCount > 0);
        }

        // One seed, one result.
        Assert.Equal(0, TinyFolder.Run("ppo", "--config", _folder.Write("again.yaml", [.. config, "output: again"])).ExitCode);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_folder["policy"], "adapter_model.safetensors")), File.ReadAllBytes(Path.Combine(_folder["again"], "adapter_model.safetensors")));
    }

    [Theory]
    [InlineData(2, "line 4: exactly one of model, command and rule", "reward: {}")]
    [InlineData(2, "there is no rule 'kindness'; there is: share-of-short-sentences", "reward: { rule: kindness }")]
    [InlineData(2, "line 4: model: there is no folder", "reward: { model: absent }")]
    [InlineData(2, "line 2: prompts: a prompt is empty", "prompts: ['']")]
    [InlineData(1, "A reward must tell responses apart", "reward: { command: [sh, -c, 'sed s/.*/1/'] }")]
    [InlineData(1, "exit code 5", "reward: { command: [sh, -c, 'exit 5'] }")]
    public void A_reward_that_cannot_be_is_refused(int expectedCode, string expected, string line)
    {
        string[] lines = ["model: model", "prompts: [Hi]", "output: out", "reward: { rule: share-of-short-sentences }", "baseline-responses: 4", "settings: { max-new-tokens: 4 }"];
        var replaced = Array.FindIndex(lines, known => known.Split(':')[0] == line.Split(':')[0]);
        lines[replaced] = line;
        var (exitCode, _, error) = TinyFolder.Run("ppo", "--config", _folder.Write("ppo.yaml", lines));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(expectedCode, exitCode);
    }
}
