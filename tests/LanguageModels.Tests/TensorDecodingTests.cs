using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.LanguageModels.Sampling.Batching;
using Rlhf.Testing;
using Rlhf.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

/// <summary>Decoding with tensors, here on the processor, against plain loops and the packed model.</summary>
public sealed class TensorDecodingTests
{
    private static readonly int[] s_tokens = [.. Enumerable.Range(0, 37).Select(i => ((i * i * 5) + i) % FamilyModel.Vocabulary)];

    public static TheoryData<string> Families => [.. FamilyModel.Names];

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_equal_plain_loops_within_1e_5(string family)
    {
        using var files = FamilyModel.Write(family);
        var expected = files.Plain().Logits(s_tokens);
        using var model = TensorDecodingModel.Load(files.Folder, null, WeightFormat.Full, CPU, threads: 1);
        foreach (var chunk in (int[])[37, 5, 1])
        {
            Assert.InRange(Paths.Worst(expected, Paths.Packed(model, s_tokens, chunk)), 0, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Greedy_tokens_are_those_of_the_packed_model(string family)
    {
        using var files = FamilyModel.Write(family);
        using var model = CausalLanguageModel.Load(files.Folder);
        using var packed = DecodingModel.Pack(model, threads: 1);
        using var tensors = new TensorDecodingModel(model, threads: 2);
        var tokenizer = TextTokenizer.Load(Path.Combine(Fixtures.RepositoryRoot(), "src/Models/TinyAssistant/model"));
        // Prompts of several lengths, three of them shared: they fork within a page and at its end.
        List<SampleRequest> requests = [.. Enumerable.Range(0, 12).Select(i => new SampleRequest(s_tokens[..(i % 3 == 0 ? 16 : 1 + (2 * i))], new() { Temperature = 0, MaxNewTokens = 3 + i }))];
        Assert.Equal(Drawn(packed), Drawn(tensors));

        IEnumerable<int[]> Drawn(DecodingModel decoding) =>
            new ContinuousSampler(decoding, tokenizer).Sample(requests, CancellationToken.None).Select(sampled => sampled.TokenIds);
    }

    [Fact]
    public void A_fork_goes_on_for_itself()
    {
        using var source = Reference.Tiny();
        using var model = new TensorDecodingModel(source, threads: 1);
        int[] tokens = [5, 60, 0, 7, 7, 31, 12, 44, 3, 59, 21, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        using var start = model.NewSequence();
        model.Append([.. tokens[..18].Select(token => new DecodingRow(start, token, IsAsked: false))]);
        using var fork = start.Fork();
        model.Append([.. ((int[])[40, 41, 42]).Select(token => new DecodingRow(start, token, IsAsked: false)), new(fork, tokens[18], IsAsked: true)]);
        model.Append([new(fork, tokens[19], IsAsked: true)]);
        start.Dispose();
        using var other = model.NewSequence();
        model.Append([.. Enumerable.Range(0, 30).Select(token => new DecodingRow(other, token, IsAsked: false))]); // over what was given back
        model.Append([new(fork, tokens[20], IsAsked: true)]);
        Assert.InRange(Paths.Worst([Paths.Tensors(source, tokens)[^1]], [model.Logits(0).ToArray()]), 0, 1e-5);
    }

    [Fact]
    public void Tokens_that_have_left_every_window_take_no_memory_and_change_nothing()
    {
        using var files = FamilyModel.Write("mistral", change: json => json["max_position_embeddings"] = 2000);
        using var source = CausalLanguageModel.Load(files.Folder);
        using var model = new TensorDecodingModel(source, threads: 1);
        int[] tokens = [.. Enumerable.Range(0, 700).Select(i => i * i % FamilyModel.Vocabulary)];
        using var sequence = model.NewSequence();
        foreach (var part in tokens.Chunk(DecodingModel.MaxRows))
        {
            model.Append([.. part.Select(token => new DecodingRow(sequence, token, IsAsked: true))]);
        }

        Assert.InRange(sequence.HeldTokens, 7, DecodingModel.MaxRows + 7 + (2 * 16));
        Assert.InRange(Paths.Worst([Paths.Tensors(source, tokens)[^1]], [model.Logits((700 % DecodingModel.MaxRows) - 1).ToArray()]), 0, 1e-5);
    }

    [Fact]
    public void What_an_earlier_sequence_left_behind_harms_nobody()
    {
        using var source = Reference.Tiny();
        using (no_grad())
        using (var row = source.Parameters["model.embed_tokens.weight"].select(0, 60)) // [C]
        {
            using Scalar notANumber = float.NaN;
            row.fill_(notANumber);
        }

        using var model = new TensorDecodingModel(source, threads: 1);
        using (var poisoned = model.NewSequence())
        {
            model.Append([.. Enumerable.Repeat(60, 32).Select(token => new DecodingRow(poisoned, token, IsAsked: true))]);
            Assert.True(float.IsNaN(model.Logits(31)[0]));
        }

        using var healthy = model.NewSequence();
        model.Append([new(healthy, 1, IsAsked: true)]);
        Assert.True(float.IsFinite(model.Logits(0)[0]));
    }

    [Fact]
    public void Many_sequences_make_the_pool_grow_and_leave_no_tensor_behind()
    {
        using var outer = NewDisposeScope();
        using var source = Reference.Tiny();
        using var model = new TensorDecodingModel(source, threads: 1);
        var before = outer.DisposablesCount;
        var sequences = Enumerable.Range(0, 100).Select(_ => model.NewSequence()).ToList();
        int[] tokens = [.. Enumerable.Range(0, 18).Select(i => i * 3)];
        foreach (var token in tokens)
        {
            model.Append([.. sequences.Select(sequence => new DecodingRow(sequence, token, IsAsked: true))]);
        }

        var expected = Paths.Tensors(source, tokens)[^1];
        foreach (var index in (int[])[0, 63, 99])
        {
            Assert.InRange(Paths.Worst([expected], [model.Logits(index).ToArray()]), 0, 1e-5);
        }

        sequences.ForEach(sequence => sequence.Dispose());
        Assert.Equal(before, outer.DisposablesCount);
    }

    [Fact]
    public void In_bfloat16_all_is_half_as_large_and_close()
    {
        using var source = CausalLanguageModel.Load(Fixtures.Path(Reference.Stories));
        using var full = new TensorDecodingModel(source, threads: 1);
        using var half = TensorDecodingModel.Load(Fixtures.Path(Reference.Stories), null, WeightFormat.Half, CPU, threads: 1);
        int[] tokens = [1, 403, 407, 261, 378, 432, 410, 300, 290, 411, 409, 421, 412, 405];
        Assert.Equal((full.ParameterCount, full.WeightBytes), (half.ParameterCount, 2 * half.WeightBytes));
        Assert.Equal(RunningBatch.KeyValueBytes(full, 40), 2 * RunningBatch.KeyValueBytes(half, 40));
        Assert.InRange(Paths.Worst(Paths.Packed(full, tokens, chunk: 3), Paths.Packed(half, tokens, chunk: 3)), 1e-4, 0.5);
    }

    [Fact]
    public void An_adapter_is_part_of_what_is_loaded()
    {
        var folder = Directory.CreateTempSubdirectory("tensor-decoding-test-").FullName;
        using var model = CausalLanguageModel.Load(Fixtures.Path("models/tiny-hf/llama"));
        using (var adapter = LoraAdapter.Create(model, new LoraOptions { Rank = 2, Alpha = 3 }, seed: 3))
        using (no_grad())
        {
            using Scalar size = 0.2;
            foreach (var parameter in adapter.Parameters)
            {
                using var noise = randn(parameter.shape);
                parameter.add_(noise, size);
            }

            adapter.Save(folder, "base");
        }

        int[] tokens = [5, 0, 7, 7, 3, 1];
        using var checkpoint = new Checkpoint(Fixtures.Path("models/tiny-hf/llama"));
        using var packed = DecodingModel.Pack(checkpoint, folder, threads: 1);
        using var tensors = TensorDecodingModel.Load(Fixtures.Path("models/tiny-hf/llama"), folder, WeightFormat.Full, CPU, threads: 1);
        Assert.InRange(Paths.Worst(Paths.Packed(packed, tokens, chunk: 2), Paths.Packed(tensors, tokens, chunk: 2)), 0, 1e-5);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_reward_model_scores_the_same_over_tensors(int pooledTokens)
    {
        var trunk = Reference.Tiny();
        using var model = new RewardModel(trunk, RewardHead.CreateRandom(trunk.Config.HiddenSize, members: 1, seed: 4), pooledTokens);
        var tensors = new TensorDecodingModel(trunk, threads: 1, hasLogits: false);
        using var decoding = new PackedRewardModel(model, tensors);
        int[][] sequences = [.. Enumerable.Range(0, 40).Select(i => Enumerable.Range(0, i == 7 ? 32 : 1 + (i % 13)).Select(j => ((i * 17) + (j * 5)) % 61).ToArray())];
        Assert.All(model.Score(sequences).Zip(decoding.Score(sequences)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensors.Logits(0));
    }

    [Fact]
    public void A_sequence_at_the_contexts_end_is_refused_and_nothing_has_changed()
    {
        using var source = Reference.Tiny();
        using var model = new TensorDecodingModel(source, threads: 1);
        using var sequence = model.NewSequence();
        model.Append([.. Enumerable.Repeat(1, 32).Select(token => new DecodingRow(sequence, token, IsAsked: false))]);
        using var other = model.NewSequence();
        var tooLong = Assert.Throws<ArgumentException>(() => model.Append([new(other, 2, IsAsked: true), new(sequence, 1, IsAsked: true)]));
        Assert.Contains("context", tooLong.Message, StringComparison.Ordinal);
        Assert.Equal((0, 32), (other.Length, sequence.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Logits(0));
    }
}
