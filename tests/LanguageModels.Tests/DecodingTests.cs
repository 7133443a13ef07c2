using Rlhf.LanguageModels.Decoding;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

public sealed class DecodingTests
{
    private static readonly int[] Tokens = [5, 60, 0, 7, 7, 31, 12, 44, 3, 59, 21, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Logits_equal_the_tensor_path_within_1e_5(int threads)
    {
        // Grouped queries, heads narrower than a register, widths that no register divides, an untied head.
        using var model = Reference.Tiny();
        using var packed = DecodingModel.Pack(model, threads);
        Assert.True(Paths.Worst(Paths.Tensors(model, Tokens), Paths.Packed(packed, Tokens, chunk: 21)) < 1e-5);
        Assert.True(Paths.Worst(Paths.Tensors(model, Tokens), Paths.Packed(packed, Tokens, chunk: 1)) < 1e-5);
    }

    [Fact]
    public void A_row_is_the_same_to_the_bit_alone_in_a_batch_in_chunks_and_after_a_fork()
    {
        using var model = Reference.Tiny();
        using var packed = DecodingModel.Pack(model, threads: 2);
        BatchChecks.RowsDependOnNothingElse(packed, Tokens);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)] // longer and shorter than sequences
    [InlineData(100)] // longer than any
    public void Scores_of_a_packed_reward_model_equal_the_tensor_path_and_do_not_depend_on_company(int pooledTokens)
    {
        var trunk = Reference.Tiny();
        using var model = new RewardModel(trunk, RewardHead.CreateRandom(trunk.Config.HiddenSize, members: 3, seed: 4), pooledTokens);
        using var packed = new PackedRewardModel(model, threads: 2);
        // More rows than a step has, one sequence as long as the context.
        int[][] sequences = [.. Enumerable.Range(0, 40).Select(i => Enumerable.Range(0, i == 7 ? 32 : 1 + (i % 13)).Select(j => ((i * 17) + (j * 5)) % 61).ToArray())];
        var scores = packed.Score(sequences);
        Assert.All(model.Score(sequences).Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Equal(scores, sequences.Select(sequence => packed.Score([sequence])[0]));
        Assert.Throws<ArgumentException>(() => packed.Score([[1], []]));
        Assert.Throws<ArgumentException>(() => packed.Score([[1], new int[33]]));
        Assert.Equal(scores[7], packed.Score([sequences[7]])[0]);
    }

    [Fact]
    public void Half_precision_weights_are_close()
    {
        using var model = Reference.Tiny();
        using var full = DecodingModel.Pack(model, threads: 1);
        using var half = DecodingModel.Pack(model, threads: 1, WeightFormat.Half);
        Assert.Equal(full.WeightBytes, 2 * half.WeightBytes);
        // The weights are off by up to 1 in 512 each; the same rounding through tensors gives the same logits.
        using var rounded = Reference.Tiny();
        using (no_grad())
        {
            foreach (var (_, weight) in rounded.Parameters.Where(parameter => parameter.Value.dim() == 2))
            {
                using var once = weight.to(bfloat16);
                weight.copy_(once);
            }
        }

        Assert.True(Paths.Worst(Paths.Tensors(rounded, Tokens), Paths.Packed(half, Tokens, chunk: 3)) < 1e-5);
        Assert.InRange(Paths.Worst(Paths.Packed(full, Tokens, chunk: 3), Paths.Packed(half, Tokens, chunk: 3)), 1e-6, .05);
    }

    [Fact]
    public void Repacking_takes_over_new_weights()
    {
        using var first = Reference.Tiny(seed: 1);
        using var second = Reference.Tiny(seed: 2);
        using var packed = DecodingModel.Pack(first, threads: 1);
        packed.Repack(second);
        Assert.True(Paths.Worst(Paths.Tensors(second, Tokens), Paths.Packed(packed, Tokens, chunk: 4)) < 1e-5);
    }

    [Fact]
    public void Tokens_that_have_left_every_window_take_no_memory_and_change_nothing()
    {
        using var files = FamilyModel.Write("mistral", change: json => json["max_position_embeddings"] = 2000);
        using var model = CausalLanguageModel.Load(files.Folder);
        using var packed = DecodingModel.Pack(model, threads: 2);
        int[] tokens = [.. Enumerable.Range(0, 1500).Select(i => i * i % FamilyModel.Vocabulary)];
        var expected = Paths.Packed(packed, tokens[..400], chunk: 1);
        Assert.Equal(expected, Paths.Packed(packed, tokens, chunk: DecodingModel.MaxRows).Take(400));

        using var sequence = packed.NewSequence();
        foreach (var part in tokens.Chunk(DecodingModel.MaxRows))
        {
            packed.Append([.. part.Select(token => new DecodingRow(sequence, token, IsAsked: true))]);
        }

        var whole = Paths.Tensors(model, tokens);
        Assert.InRange(Paths.Worst([whole[^1]], [packed.Logits((1500 % DecodingModel.MaxRows) - 1).ToArray()]), 0, 1e-5);
        // A step's rows, the window, and a page on either side.
        Assert.InRange(sequence.HeldTokens, 7, DecodingModel.MaxRows + 7 + (2 * 32));
        using var fork = sequence.Fork();
        sequence.Dispose();
        packed.Append([new(fork, 4, IsAsked: true)]);
        Assert.InRange(Paths.Worst([Paths.Tensors(model, [.. tokens, 4])[^1]], [packed.Logits(0).ToArray()]), 0, 1e-5);
    }

    [Fact]
    public void What_an_earlier_sequence_left_behind_harms_nobody()
    {
        using var model = Reference.Tiny();
        using (no_grad())
        using (var row = model.Parameters["model.embed_tokens.weight"].select(0, 60)) // [C]
        {
            using Scalar notANumber = float.NaN;
            row.fill_(notANumber);
        }

        using var packed = DecodingModel.Pack(model, threads: 2);
        int[] healthy = [.. Tokens.Where(token => token != 60)];
        var expected = Paths.Packed(packed, healthy, chunk: 4);
        // More pages than memory is first taken for, all with what is no number, and some of them still held.
        var poisoned = Enumerable.Range(0, 40).Select(_ => packed.NewSequence()).ToList();
        packed.Append([.. poisoned.Select(sequence => new DecodingRow(sequence, 60, IsAsked: true))]);
        Assert.True(float.IsNaN(packed.Logits(39)[0]));
        foreach (var (i, sequence) in poisoned.Index())
        {
            sequence.Dispose();
            if (i % 13 == 0 || i == 39)
            {
                Assert.Equal(expected, Paths.Packed(packed, healthy, chunk: 4));
            }
        }
    }

    [Fact]
    public void Misuse_is_refused()
    {
        using var model = Reference.Tiny();
        using var packed = DecodingModel.Pack(model, threads: 1);
        using var sequence = packed.NewSequence();
        Assert.Throws<ArgumentException>(() => packed.Append([]));
        for (var i = 0; i < 32; i++)
        {
            packed.Append([new(sequence, 1, IsAsked: false)]);
        }

        using var other = packed.NewSequence();
        var tooLong = Assert.Throws<ArgumentException>(() => packed.Append([new(other, 2, IsAsked: true), new(sequence, 1, IsAsked: true)]));
        Assert.Contains("context", tooLong.Message, StringComparison.Ordinal);
        Assert.Equal((0, 32), (other.Length, sequence.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => packed.Logits(0));
    }

    [Fact]
    public void A_failing_thread_fails_the_work_and_not_the_team()
    {
        using var model = Reference.Tiny();
        using var packed = DecodingModel.Pack(model, threads: 2);
        Assert.Throws<InvalidOperationException>(() => packed.OnAllThreads((worker, _) => ArgumentOutOfRangeException.ThrowIfEqual(worker, 1)));
        Assert.True(Paths.Worst(Paths.Tensors(model, Tokens), Paths.Packed(packed, Tokens, chunk: 4)) < 1e-5);
    }
}
