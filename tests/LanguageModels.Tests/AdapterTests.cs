using Rlhf.LanguageModels.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

public sealed class AdapterTests
{
    [Fact]
    public void A_new_adapter_changes_nothing_and_is_a_small_share_of_the_weights()
    {
        using var model = Reference.Tiny();
        var before = Logits(model);
        using var adapter = LoraAdapter.Create(model, new LoraOptions(), seed: 3);
        adapter.Activate();
        Assert.Equal(before, Logits(model));
        // Rank 1: in + out of seven layers in each of two blocks.
        Assert.Equal(2 * ((16 + 16) * 2 + (16 + 8) * 2 + (16 + 24) * 3), adapter.ParameterCount);
    }

    [Fact]
    public void Saved_and_loaded_it_gives_the_same_logits_and_off_gives_the_baseline()
    {
        using var model = Reference.Tiny();
        var baseline = Logits(model);
        using var adapter = Trained(model);
        adapter.Activate();
        var adapted = Logits(model);
        Assert.True(Worst(baseline, adapted) > 1e-3);
        using (adapter.Off())
        {
            Assert.Equal(baseline, Logits(model));
        }

        var folder = Directory.CreateTempSubdirectory("adapter-test");
        adapter.Save(folder.FullName, "tiny");
        using var other = Reference.Tiny();
        using var loaded = LoraAdapter.Load(other, folder.FullName);
        loaded.Activate();
        Assert.Equal(adapted, Logits(other));
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Merged_it_gives_the_same_logits_as_beside()
    {
        using var model = Reference.Tiny();
        var adapter = Trained(model);
        adapter.Activate();
        var beside = Logits(model);
        adapter.Merge();
        adapter.Dispose();
        Assert.True(Worst(beside, Logits(model)) < 1e-5);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused()
    {
        using var model = Reference.Tiny();
        using var adapter = Trained(model);
        var folder = Directory.CreateTempSubdirectory("adapter-test");
        adapter.Save(folder.FullName, "tiny");
        using var wider = CausalLanguageModel.Create(model.Config with { IntermediateSize = 40 }, 1);
        Assert.Contains("another model", Assert.Throws<InvalidDataException>(() => LoraAdapter.Load(wider, folder.FullName)).Message, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    private static LoraAdapter Trained(CausalLanguageModel model)
    {
        var adapter = LoraAdapter.Create(model, new LoraOptions { Rank = 2, Alpha = 3 }, seed: 3);
        using var noGradients = no_grad();
        using Scalar half = 0.5;
        foreach (var parameter in adapter.Parameters)
        {
            using var noise = randn(parameter.shape);
            parameter.add_(noise, half);
        }

        return adapter;
    }

    private static float[] Logits(CausalLanguageModel model)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var tokens = new TokenBatch([[1, 2, 3, 4]]);
        return [.. model.Logits(model.Hidden(tokens.Ids)).data<float>()];
    }

    private static double Worst(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}
