using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Tensors;
using Rlhf.Testing;
using Rlhf.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

/// <summary>Every family on both paths against <see cref="PlainTransformer"/>.</summary>
public sealed class FamilyTests
{
    private static readonly int[] s_tokens = [.. Enumerable.Range(0, 37).Select(i => ((i * i * 5) + i) % FamilyModel.Vocabulary)];

    public static TheoryData<string> Families => [.. FamilyModel.Names];

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_equal_plain_loops_within_1e_5_on_both_paths(string family)
    {
        using var files = FamilyModel.Write(family);
        var expected = files.Plain().Logits(s_tokens);
        using var model = CausalLanguageModel.Load(files.Folder);
        Assert.InRange(Paths.Worst(expected, Paths.Tensors(model, s_tokens)), 0, 1e-5);
        foreach (var threads in (int[])[1, 2])
        {
            using var packed = DecodingModel.Pack(model, threads);
            Assert.InRange(Paths.Worst(expected, Paths.Packed(packed, s_tokens, chunk: 37)), 0, 1e-5);
            Assert.InRange(Paths.Worst(expected, Paths.Packed(packed, s_tokens, chunk: 1)), 0, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Bfloat16_layers_stay_near_float32_and_train_float32_weights(string family)
    {
        using var files = FamilyModel.Write(family);
        using var model = CausalLanguageModel.Load(files.Folder);
        var expected = files.Plain().Logits(s_tokens);
        model.ProductType = ScalarType.BFloat16;
        // bfloat16 keeps 8 bits: each product is off by up to 0.4 %. Logits here spread over about 3.
        Assert.InRange(Paths.Worst(expected, Paths.Tensors(model, s_tokens)), 1e-5, 0.15);
        model.SetTrainable(true);
        using var adapter = LoraAdapter.Create(model, new LoraOptions(), seed: 1);
        adapter.Activate();
        Step(model, adapter);
        Assert.All(model.Parameters.Values.Concat(adapter.Parameters), parameter =>
        {
            using var gradient = parameter.grad;
            Assert.Equal(ScalarType.Float32, parameter.dtype);
            Assert.Equal(ScalarType.Float32, gradient?.dtype);
        });
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Recomputed_blocks_give_the_same_gradients_to_the_bit_with_and_without_an_adapter(string family)
    {
        using var files = FamilyModel.Write(family);
        foreach (var isWhole in (bool[])[true, false])
        {
            Assert.Equal(Gradients(files.Folder, isWhole, recomputes: false), Gradients(files.Folder, isWhole, recomputes: true));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_row_is_the_same_to_the_bit_alone_in_a_batch_in_chunks_and_after_a_fork(string family)
    {
        using var files = FamilyModel.Write(family);
        using var model = CausalLanguageModel.Load(files.Folder);
        using var packed = DecodingModel.Pack(model, threads: 2);
        BatchChecks.RowsDependOnNothingElse(packed, s_tokens);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Recorded_logprobs_of_sampled_tokens_are_those_of_plain_loops(string family)
    {
        using var files = FamilyModel.Write(family);
        var plain = files.Plain();
        using var model = CausalLanguageModel.Load(files.Folder);
        using var packed = DecodingModel.Pack(model, threads: 2);
        var tokenizer = TextTokenizer.Load(Path.Combine(Fixtures.RepositoryRoot(), "src/Models/TinyAssistant/model"));
        List<SampleRequest> requests = [.. Enumerable.Range(0, 4).Select(i => new SampleRequest(s_tokens[..(3 + (6 * i))], new() { MaxNewTokens = 20, Seed = (ulong)i }))];
        using var tensors = new TensorDecodingModel(model, threads: 1);
        foreach (var decoding in (DecodingModel[])[tensors, packed])
        {
            foreach (var (request, sampled) in requests.Zip(new ContinuousSampler(decoding, tokenizer).Sample(requests, CancellationToken.None)))
            {
                var logits = plain.Logits([.. request.PromptTokens, .. sampled.TokenIds]);
                Assert.All(sampled.TokenIds.Index(), token =>
                {
                    var before = logits[request.PromptTokens.Length - 1 + token.Index];
                    Assert.Equal(before[token.Item] - Math.Log(before.Sum(Math.Exp)), sampled.Logprobs[token.Index], 1e-5);
                });
            }
        }
    }

    // Each option moves the logits: what is compared above depends on it.
    [Theory]
    [InlineData("llama, scaled by bands", "rope_scaling", "null")]
    [InlineData("llama, scaled by bands", "rope_theta", "10000.0")]
    [InlineData("llama, scaled linearly", "rope_scaling", "null")]
    [InlineData("mistral", "sliding_window", "null")]
    [InlineData("qwen2, later layers within a window", "use_sliding_window", "false")]
    [InlineData("qwen2, later layers within a window", "max_window_layers", "2")]
    [InlineData("qwen2, later layers within a window", "layer_types", """["sliding_attention", "full_attention", "full_attention"]""")]
    [InlineData("gemma2", "sliding_window", "null")]
    [InlineData("gemma2", "query_pre_attn_scalar", "6")]
    [InlineData("gemma2", "attn_logit_softcapping", "null")]
    [InlineData("gemma2", "final_logit_softcapping", "null")]
    [InlineData("gpt2", "activation_function", "\"silu\"")]
    [InlineData("gpt2", "n_head", "2")]
    public void An_option_changes_the_logits(string family, string option, string value)
    {
        using var files = FamilyModel.Write(family);
        using var changed = FamilyModel.Write(family, change: json => json[option] = System.Text.Json.Nodes.JsonNode.Parse(value));
        using var model = CausalLanguageModel.Load(files.Folder);
        using var other = CausalLanguageModel.Load(changed.Folder);
        Assert.True(Paths.Worst(Paths.Tensors(model, s_tokens), Paths.Tensors(other, s_tokens)) > 1e-3);
        using var packed = DecodingModel.Pack(other, threads: 2);
        Assert.InRange(Paths.Worst(Paths.Tensors(other, s_tokens), Paths.Packed(packed, s_tokens, chunk: 6)), 0, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_saved_model_has_all_that_the_loaded_one_had(string family)
    {
        using var files = FamilyModel.Write(family);
        using var model = CausalLanguageModel.Load(files.Folder);
        var folder = Path.Combine(files.Folder, "saved");
        model.Save(folder, bosId: 0, eosId: 1);
        using var saved = CausalLanguageModel.Load(folder);
        Assert.Equal(model.Config, saved.Config);
        Assert.Equal(Paths.Tensors(model, s_tokens), Paths.Tensors(saved, s_tokens));
        var config = Reference.File(Path.Combine(folder, "config.json"));
        Assert.All(files.Config.EnumerateObject(), option => Assert.Equal(option.Value.GetRawText(), Compact(config.GetProperty(option.Name))));
        Assert.Equal("float32", config.GetProperty("torch_dtype").GetString());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_shape_of_no_file_is_written_as_a_config_that_reads_as_the_same(string family)
    {
        using var files = FamilyModel.Write(family);
        var shape = ModelConfig.Load(files.Folder);
        var folder = Directory.CreateDirectory(Path.Combine(files.Folder, "made")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), shape.ToJson(bosId: 3, eosId: 4));
        Assert.Equal(shape, ModelConfig.Load(folder));
        Assert.Equal(4, Reference.File(Path.Combine(folder, "config.json")).GetProperty("eos_token_id").GetInt32());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_classifier_scores_as_plain_loops_do_on_both_paths_and_after_saving(string family)
    {
        using var files = FamilyModel.Write(family, isClassifier: true);
        var (plain, head) = (files.Plain(), files.Weights()["score.weight"]);
        int[][] sequences = [s_tokens, s_tokens[..9], [5]];
        var expected = sequences.Select(tokens => plain.Hidden(tokens)[^1].Zip(head, (h, w) => h * w).Sum()).ToList();
        using var model = RewardModel.Load(files.Folder);
        var folder = Path.Combine(files.Folder, "saved");
        model.Save(folder, bosId: 0, eosId: 1);
        using var saved = RewardModel.Load(folder);
        using var packed = new PackedRewardModel(saved, threads: 2);
        Assert.All(expected.Zip(model.Score(sequences)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(expected.Zip(packed.Score(sequences)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        var config = Reference.File(Path.Combine(folder, "config.json"));
        Assert.EndsWith("ForSequenceClassification", config.GetProperty("architectures")[0].GetString(), StringComparison.Ordinal);
        Assert.Single(config.GetProperty("id2label").EnumerateObject());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_adapter_on_all_layers_learns_merges_and_survives_saving(string family)
    {
        using var files = FamilyModel.Write(family);
        using var model = CausalLanguageModel.Load(files.Folder);
        var baseline = Paths.Tensors(model, s_tokens);
        using var adapter = LoraAdapter.Create(model, new LoraOptions { Rank = 2, Alpha = 4 }, seed: 3);
        adapter.Activate();
        Step(model, adapter);
        var learned = Paths.Tensors(model, s_tokens);
        Assert.True(Paths.Worst(baseline, learned) > 1e-3);

        var folder = Path.Combine(files.Folder, "adapter");
        adapter.Save(folder, "base");
        using var merged = CausalLanguageModel.Load(files.Folder);
        using var loaded = LoraAdapter.Load(merged, folder);
        loaded.Merge();
        using var packed = DecodingModel.Pack(merged, threads: 1);
        Assert.InRange(Paths.Worst(learned, Paths.Tensors(merged, s_tokens)), 0, 1e-5);
        Assert.InRange(Paths.Worst(learned, Paths.Packed(packed, s_tokens, chunk: 5)), 0, 1e-5);
        Assert.Equal(family == "gpt2", Reference.File(Path.Combine(folder, "adapter_config.json")).GetProperty("fan_in_fan_out").GetBoolean());
    }

    private static List<float[]> Gradients(string folder, bool isWhole, bool recomputes)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLanguageModel.Load(folder);
        model.RecomputesBlocks = recomputes;
        model.SetTrainable(isWhole);
        using var adapter = LoraAdapter.Create(model, new LoraOptions(), seed: 1);
        adapter.Activate();
        using var batch = new TokenBatch([s_tokens]);
        model.Logits(model.Hidden(batch.Ids)).Squared().mean().backward();
        return [.. model.Parameters.Values.Concat(adapter.Parameters).Where(parameter => parameter.requires_grad).Select(parameter => parameter.grad?.data<float>().ToArray() ?? [])];
    }

    // One step of gradient descent, after which no factor is 0 any more.
    private static void Step(CausalLanguageModel model, LoraAdapter adapter)
    {
        using var scope = NewDisposeScope();
        using var batch = new TokenBatch([s_tokens]);
        var logits = model.Logits(model.Hidden(batch.Ids))[0]; // [S, V]
        nn.functional.cross_entropy(logits[..^1], tensor(s_tokens[1..].Select(token => (long)token).ToArray())).backward();
        using var optimizer = optim.SGD(adapter.Parameters, learningRate: 1);
        optimizer.step();
        Assert.All(adapter.Parameters.Where((_, i) => i % 2 == 1), factor => Assert.True(factor.abs().max().item<float>() > 0));
    }

    private static string Compact(System.Text.Json.JsonElement value) => System.Text.Json.JsonSerializer.Serialize(value);
}
