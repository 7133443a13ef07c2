using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

/// <summary>Sequences that follow each other in one row, in every family.</summary>
public sealed class RowLayoutTests
{
    // Longer than every window, neighbours of one length, the whole context, and a single token.
    private static readonly int[] s_lengths = [37, 9, 9, FamilyModel.Context, 1];

    public static TheoryData<string> Families => [.. FamilyModel.Names];

    [Theory]
    [MemberData(nameof(Families))]
    public void Each_sequence_of_a_row_has_the_states_and_gradients_that_it_has_alone(string family)
    {
        using var files = FamilyModel.Write(family);
        using var model = CausalLanguageModel.Load(files.Folder);
        model.SetTrainable(true);
        var sequences = Sequences(seed: 3);
        var row = States(model, sequences);
        var gradients = Gradients(model);
        float[] alone = [.. sequences.SelectMany(sequence => States(model, [sequence]))];
        Assert.All(alone.Zip(row), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(Gradients(model).Zip(gradients), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Contains(gradients, gradient => Math.Abs(gradient) > 1e-3);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void No_sequence_sees_its_neighbours(string family)
    {
        using var files = FamilyModel.Write(family);
        using var model = CausalLanguageModel.Load(files.Folder);
        var sequences = Sequences(seed: 3);
        var others = Sequences(seed: 4);
        others[2] = sequences[2];
        var first = s_lengths[..2].Sum() * model.Config.HiddenSize;
        var end = s_lengths[..3].Sum() * model.Config.HiddenSize;
        using var noGradients = no_grad();
        Assert.Equal(States(model, sequences)[first..end], States(model, others)[first..end]);
    }

    [Fact]
    public void Lengths_that_do_not_add_up_or_exceed_the_context_are_refused()
    {
        using var model = Reference.Tiny();
        using var ids = zeros([40], int64); // [N]
        foreach (var lengths in (int[][])[[20, 19], [33, 7], [40, 0], []])
        {
            var error = Assert.Throws<ArgumentException>(() => model.Hidden(ids, lengths));
            Assert.Contains("1 to 32 tokens each", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_row_leaves_only_its_result_behind()
    {
        using var model = Reference.Tiny();
        using var ids = zeros([9], int64); // [N]
        using var outer = NewDisposeScope();
        using var noGradients = no_grad();
        model.Hidden(ids, [4, 4, 1]);
        Assert.Equal(1, outer.DisposablesCount);
    }

    private static int[][] Sequences(int seed)
    {
        var random = new Random(seed);
        return [.. s_lengths.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(FamilyModel.Vocabulary)).ToArray())];
    }

    /// <summary>The hidden states of a row; where gradients are on, adds those of their mean square's share.</summary>
    private static float[] States(CausalLanguageModel model, int[][] sequences)
    {
        using var scope = NewDisposeScope();
        using var ids = tensor(sequences.SelectMany(sequence => sequence).Select(id => (long)id).ToArray()); // [N]
        var hidden = model.Hidden(ids, [.. sequences.Select(sequence => sequence.Length)]); // [N, C]
        if (is_grad_enabled())
        {
            // Not of the states' squares alone: a norm keeps those the same whatever is below it.
            (hidden * hidden * hidden).sum().DividedBy(s_lengths.Sum()).backward();
        }

        return hidden.detach().data<float>().ToArray();
    }

    private static float[] Gradients(CausalLanguageModel model)
    {
        var gradients = new List<float>();
        foreach (var parameter in model.Parameters.Values)
        {
            using var gradient = parameter.grad;
            gradients.AddRange(gradient?.data<float>().ToArray() ?? []);
            gradient?.zero_();
        }

        return [.. gradients];
    }
}
