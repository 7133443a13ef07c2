using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Checkpoints;
using Rlhf.LanguageModels.Decoding;
using Rlhf.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

/// <summary>Packing straight from files gives what packing a loaded model gives.</summary>
public sealed class PackingTests : IDisposable
{
    private static readonly int[] Tokens = [5, 60, 0, 7, 7, 31, 12, 44, 3];

    private readonly string _folder = Directory.CreateTempSubdirectory("packing-test").FullName;

    [Theory]
    [InlineData("models/tiny-hf/llama", WeightFormat.Full)]
    [InlineData("models/tiny-hf/qwen2", WeightFormat.Full)]
    [InlineData("models/tiny-hf/gpt2", WeightFormat.Full)]
    [InlineData("models/tiny-hf/gpt2", WeightFormat.Half)]
    [InlineData("models/stories260K/hf-sharded", WeightFormat.Full)]
    [InlineData("models/stories260K/hf", WeightFormat.Half)]
    public void Logits_are_the_same_to_the_bit(string fixture, WeightFormat format)
    {
        var folder = Fixtures.Path(fixture);
        using var checkpoint = new Checkpoint(folder);
        using var direct = DecodingModel.Pack(checkpoint, null, threads: 2, format);
        using var model = CausalLanguageModel.Load(folder);
        using var packed = DecodingModel.Pack(model, threads: 1, format);
        Assert.Equal(packed.WeightBytes, direct.WeightBytes);
        Assert.Equal(Logits(packed), Logits(direct));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Any_stored_type_gives_the_logits_of_its_numbers(ScalarType type)
    {
        SaveAs(type);
        using var checkpoint = new Checkpoint(_folder);
        using var direct = DecodingModel.Pack(checkpoint, null, threads: 3);
        using var model = CausalLanguageModel.Load(_folder);
        using var packed = DecodingModel.Pack(model, threads: 1);
        Assert.Equal(Logits(packed), Logits(direct));
    }

    [Theory]
    [InlineData("models/tiny-hf/llama")]
    [InlineData("models/tiny-hf/gpt2")]
    public void An_adapter_is_added_and_taken_away_in_place(string fixture)
    {
        var (first, second) = (SaveAdapter(fixture, seed: 3, rank: 2), SaveAdapter(fixture, seed: 4, rank: 1));
        using var checkpoint = new Checkpoint(Fixtures.Path(fixture));
        using var plain = DecodingModel.Pack(checkpoint, null, threads: 2);
        var baseline = Logits(plain);
        using var fresh = DecodingModel.Pack(checkpoint, second, threads: 2);
        var expected = Logits(fresh);
        Assert.True(Worst(MergedLogits(fixture, second), expected) < 1e-5);
        Assert.True(Worst(baseline, expected) > 1e-4);

        using var reused = DecodingModel.Pack(checkpoint, first, threads: 2);
        reused.Repack(checkpoint, second);
        Assert.Equal(expected, Logits(reused));
        reused.Repack(checkpoint, null);
        Assert.Equal(baseline, Logits(reused));
    }

    [Fact]
    public void Another_folder_of_the_same_shape_replaces_all_weights()
    {
        using var other = Reference.Tiny(seed: 2);
        other.Save(_folder, 1, 2);
        using var checkpoint = new Checkpoint(_folder);
        using var packed = DecodingModel.Pack(checkpoint, null, threads: 2);
        var expected = Logits(packed);
        using var model = Reference.Tiny(seed: 1);
        packed.Repack(model);
        Assert.NotEqual(expected, Logits(packed));
        packed.Repack(checkpoint, null);
        Assert.Equal(expected, Logits(packed));
    }

    [Fact]
    public void An_adapter_that_does_not_fit_is_refused_and_changes_nothing()
    {
        var adapter = SaveAdapter("models/tiny-hf/llama", seed: 3, rank: 2);
        using var model = Reference.Tiny();
        model.Save(_folder, 1, 2);
        using var checkpoint = new Checkpoint(_folder);
        using var packed = DecodingModel.Pack(checkpoint, null, threads: 2);
        var before = Logits(packed);
        Assert.Throws<InvalidDataException>(() => packed.Repack(checkpoint, adapter));
        Assert.Equal(before, Logits(packed));
        using var larger = new Checkpoint(Fixtures.Path("models/stories260K/hf"));
        Assert.Throws<ArgumentException>(() => packed.Repack(larger, null));
        Assert.Equal(before, Logits(packed));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void SaveAs(ScalarType type)
    {
        using var model = Reference.Tiny();
        model.Save(_folder, 1, 2);
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), model.Parameters.ToDictionary(p => p.Key, p => p.Value.detach().to(type)));
    }

    private string SaveAdapter(string fixture, long seed, int rank)
    {
        using var model = CausalLanguageModel.Load(Fixtures.Path(fixture));
        using var adapter = LoraAdapter.Create(model, new LoraOptions { Rank = rank, Alpha = 3 }, seed);
        using (no_grad())
        {
            using Scalar size = 0.2;
            foreach (var parameter in adapter.Parameters)
            {
                using var noise = randn(parameter.shape);
                parameter.add_(noise, size);
            }
        }

        var folder = Path.Combine(_folder, $"adapter-{seed}");
        adapter.Save(folder, fixture);
        return folder;
    }

    private static float[] MergedLogits(string fixture, string adapterFolder)
    {
        using var model = CausalLanguageModel.Load(Fixtures.Path(fixture));
        using (var adapter = LoraAdapter.Load(model, adapterFolder))
        {
            adapter.Merge();
        }

        using var packed = DecodingModel.Pack(model, threads: 1);
        return Logits(packed);
    }

    private static float[] Logits(DecodingModel packed)
    {
        using var sequence = packed.NewSequence();
        packed.Append([.. Tokens.Select(token => new DecodingRow(sequence, token % packed.Config.VocabularySize, IsAsked: true))]);
        return [.. Enumerable.Range(0, Tokens.Length).SelectMany(i => packed.Logits(i).ToArray())];
    }

    private static double Worst(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}
