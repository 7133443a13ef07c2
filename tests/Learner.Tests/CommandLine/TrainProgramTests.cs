using System.Security.Cryptography;
using System.Text.Json;
using Rlhf.LanguageModels;
using Rlhf.Learner.CommandLine;

namespace Rlhf.Learner.Tests.CommandLine;

public sealed class TrainProgramTests : IDisposable
{
    private readonly TinyFolder _folder = new TinyFolder().WithModel();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fine_tuning_writes_a_model_and_says_what_made_it()
    {
        var file = _folder.Write("stories.jsonl", [.. Enumerable.Range(0, 20).Select(i => $$"""{"prompt": "Say {{i % 3}}", "response": "aaa {{i}}"}""")]);
        _folder.Write("held.jsonl", """{"prompt": "Say 9", "response": "aaa"}""");
        var (output, record) = _folder.Train(
            "sft", "tuned", "data:", "  - file: stories.jsonl", "    weight: 1.5", "  - { file: held.jsonl, held-out: true }", "settings: { epochs: 4, learning-rate: 1e-2 }");
        using (var model = CausalLanguageModel.Load(_folder["tuned"]))
        {
            Assert.Equal(64, model.Config.ContextLength);
        }

        Assert.True(File.Exists(Path.Combine(_folder["tuned"], "tokenizer.json")));
        Assert.Equal("sft", record.GetProperty("method").GetString());
        Assert.Equal(8, File.ReadLines(Path.Combine(_folder["tuned"], "steps.jsonl")).Count()); // 30 rows, 16 an update, four times
        Assert.Equal(8, EventFileReader.ReadFolder(_folder["tuned"]).Count(item => item.Summary is not null));
        var results = record.GetProperty("results");
        Assert.True(results.GetProperty("loss_last").GetDouble() < results.GetProperty("loss_first").GetDouble());
        Assert.True(results.GetProperty("held_out_loss_other").GetDouble() < results.GetProperty("loss_first").GetDouble());
        var data = record.GetProperty("data")[0];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))), data.GetProperty("sha256").GetString());
        Assert.Equal((20, 30), (data.GetProperty("rows").GetInt32(), data.GetProperty("used-rows").GetInt32()));
        Assert.Equal(0.1, record.GetProperty("config").GetProperty("settings").GetProperty("warm-up-share").GetDouble());
        Assert.Contains("step 8/8  loss ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_config_in_the_record_makes_the_same_model_again()
    {
        _folder.Write("stories.jsonl", [.. Enumerable.Range(0, 8).Select(i => $$"""{"prompt": "Say {{i}}", "response": "b{{i}}"}""")]);
        var (_, record) = _folder.Train("sft", "first", "data: [{ file: stories.jsonl, weight: 0.5 }]", "seed: 5");
        var config = record.GetProperty("config").GetRawText().Replace("/first", "/second", StringComparison.Ordinal);
        Assert.Equal(0, TinyFolder.Run("sft", "--config", _folder.Write("again.json", config)).ExitCode);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_folder["first"], "model.safetensors")), File.ReadAllBytes(Path.Combine(_folder["second"], "model.safetensors")));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 8)]
    public void A_reward_model_is_measured_on_each_kind_of_held_out_pairs(bool hasHeadPerKind, int pooledTokens)
    {
        static string Pair(int i, string good, string bad) => $$"""{"prompt": "Say {{i}}", "chosen": "{{good}} {{i}}", "rejected": "{{bad}} {{i}}"}""";
        _folder.Write("helpful.jsonl", [.. Enumerable.Range(0, 64).Select(i => Pair(i, "aaaa", "zzzz")), """{"prompt": "p", "chosen": "x", "rejected": "x"}"""]);
        _folder.Write("harmless.jsonl", [.. Enumerable.Range(0, 64).Select(i => Pair(i, "bbbb", "yyyy"))]);
        _folder.Write("helpful-val.jsonl", [.. Enumerable.Range(70, 9).Select(i => Pair(i, "aaaa", "zzzz"))]);
        _folder.Write("harmless-val.jsonl", [.. Enumerable.Range(70, 9).Select(i => Pair(i, "bbbb", "yyyy"))]);
        var (output, record) = _folder.Train(
            "reward", "judge",
            "data:",
            "  - { file: helpful.jsonl, kind: helpful }",
            "  - { file: harmless.jsonl, kind: harmless, weight: 0.5 }",
            "  - { file: helpful-val.jsonl, kind: helpful, held-out: true }",
            "  - { file: harmless-val.jsonl, kind: harmless, held-out: true }",
            $"settings: {{ epochs: 6, learning-rate: 1e-2, head-per-source: {(hasHeadPerKind ? "true" : "false")}, pooled-tokens: {pooledTokens} }}");
        using (var model = RewardModel.Load(_folder["judge"]))
        {
            Assert.Equal((16, pooledTokens), (model.Trunk.Config.HiddenSize, model.PooledTokens));
            Assert.Equal(hasHeadPerKind ? ["harmless", "helpful"] : ["LABEL_0"], model.Head.Labels);
        }

        var results = record.GetProperty("results");
        var measured = hasHeadPerKind ? "own_head_pairwise_accuracy" : "pairwise_accuracy";
        Assert.Equal((1.0, 1.0), (results.GetProperty($"{measured}/helpful").GetDouble(), results.GetProperty($"{measured}/harmless").GetDouble()));
        Assert.Equal(9, results.GetProperty("pairs_decided/helpful").GetInt32());
        Assert.Equal(
            hasHeadPerKind ? ["own_head_ece", "own_head_pairwise_accuracy", "own_head_pairwise_accuracy_high", "own_head_pairwise_accuracy_low"] : [],
            results.EnumerateObject().Select(result => result.Name).Where(name => name.StartsWith("own_head", StringComparison.Ordinal))
                .Select(name => name.Split('/')[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.True(record.GetProperty("normalisation").GetProperty("standard-deviation").GetDouble() > 0);
        Assert.Equal(1, record.GetProperty("data")[0].GetProperty("bad-rows").GetProperty("identical_responses").GetInt32());
        Assert.Contains("1 identical_responses (line 65)", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_with_too_many_bad_rows_is_refused()
    {
        _folder.Write("bad.jsonl", """{"prompt": "p", "response": "r"}""", "{", $$"""{"prompt": "p", "response": "{{new string('a', 64)}}"}""");
        var (exitCode, _, error) = TinyFolder.Run("sft", "--config", _folder.Write("sft.yaml", "model: model", "output: out", "data: [{ file: bad.jsonl }]"));
        Assert.Equal(1, exitCode);
        Assert.Contains("2 of 3 rows can't be used, and at most 5% are tolerated", error, StringComparison.Ordinal);
        Assert.Contains("1 too_long (line 3)", error, StringComparison.Ordinal);
        _folder.Train("sft", "out", "data: [{ file: bad.jsonl }]", "max-bad-rows: 2"); // nothing was trained, so the config may change
    }

    [Theory]
    [InlineData("sft", "model.safetensors", "data: [{ file: pairs.jsonl }]", "settings: { batch-size: 8 }")]
    [InlineData("reward", "model.safetensors", "data: [{ file: pairs.jsonl }]", "settings: { batch-size: 8 }")]
    [InlineData("dpo", "adapter_model.safetensors", "data: [{ file: pairs.jsonl }]", "settings: { batch-size: 8 }")]
    [InlineData("ppo", "adapter_model.safetensors", "prompts: [A, B, C]\nreward: { command: [sh, -c, 'while read -r l; do echo ${#l}; done'] }\nbaseline-responses: 12", "settings: { steps: 5, rollouts-per-step: 8, max-new-tokens: 4 }")]
    public void An_interrupted_training_goes_on_with_the_same_command_to_the_same_bits(string method, string weights, string data, string settings)
    {
        _folder.Write("pairs.jsonl", [.. Enumerable.Range(0, 40).Select(i => $$"""{"prompt": "Say {{i}}", "chosen": "b{{i}}", "rejected": "c{{i}}"}""")]);
        string[] Args(string output) =>
        [
            "train", method, "--config",
            _folder.Write(output + ".yaml", "model: model", "output: " + output, data, settings, "threads: 1", "checkpoints: { updates-between: 1 }"),
        ];
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(0, TrainProgram.Run(Args("whole"), output, error, isTerminal: false, TestContext.Current.CancellationToken));
        using (var stop = new CancellationTokenSource())
        {
            using var stopping = new StoppingWriter(stop);
            Assert.Equal(130, TrainProgram.Run(Args("cut"), stopping, error, isTerminal: true, stop.Token));
        }

        Assert.Contains("Stopped between two updates", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, Steps("cut").Length);
        using var again = new StringWriter();
        Assert.Equal(0, TrainProgram.Run(Args("cut"), again, error, isTerminal: false, TestContext.Current.CancellationToken));
        Assert.Contains("Training goes on from checkpoint", again.ToString(), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["whole"], weights)), File.ReadAllBytes(Path.Combine(_folder["cut"], weights)));
        foreach (var figure in (string[])["loss", "pairwise_loss", "score", "reward", "kl", "policy_loss"])
        {
            Assert.Equal(
                Steps("whole").Select(step => step.TryGetProperty(figure, out var value) ? value.GetDouble() : 0),
                Steps("cut").Select(step => step.TryGetProperty(figure, out var value) ? value.GetDouble() : 0));
        }

        Assert.False(Directory.Exists(Path.Combine(_folder["cut"], ".checkpoints")));
        using var refusal = new StringWriter();
        Assert.Equal(2, TrainProgram.Run(Args("cut"), output, refusal, isTerminal: false, TestContext.Current.CancellationToken));
        Assert.Contains("holds a finished training", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Preferences_train_an_adapter_directly()
    {
        _folder.Write("pairs.jsonl", [.. Enumerable.Range(0, 60).Select(i => $$"""{"prompt": "Say {{i}}", "chosen": "aaa{{i}}", "rejected": "zzz{{i}}"}""")]);
        _folder.Write("held.jsonl", [.. Enumerable.Range(70, 9).Select(i => $$"""{"prompt": "Say {{i}}", "chosen": "aaa{{i}}", "rejected": "zzz{{i}}"}""")]);
        var (_, record) = _folder.Train(
            "dpo", "policy", "data: [{ file: pairs.jsonl }, { file: held.jsonl, held-out: true }]", "settings: { epochs: 4, learning-rate: 1e-2, lora-rank: 2 }");
        Assert.Equal(1, record.GetProperty("results").GetProperty("preference_accuracy").GetDouble());
        using var model = CausalLanguageModel.Load(_folder["model"]);
        using var adapter = LanguageModels.Adapters.LoraAdapter.Load(model, _folder["policy"]);
        Assert.True(adapter.ParameterCount > 0);
    }

    private JsonElement[] Steps(string output) => [.. File.ReadLines(Path.Combine(_folder[output], "steps.jsonl")).Select(line => JsonElement.Parse(line))];

    /// <summary>Presses Ctrl-C at the second step, as a terminal shows it.</summary>
    private sealed class StoppingWriter(CancellationTokenSource stop) : StringWriter
    {
        public override void Write(string? value)
        {
            if (value?.Contains("step 2/", StringComparison.Ordinal) == true)
            {
                stop.Cancel();
            }
        }
    }
}
