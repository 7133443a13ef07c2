using Rlhf.Learner.Training;
using Rlhf.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class AdamWOptimizerTests
{
    [Fact]
    public void Ten_bounded_steps_equal_those_of_one_operator_after_the_other()
    {
        using var scope = NewDisposeScope();
        var (ours, theirs) = (Parameters(), Parameters());
        using var optimizer = new AdamWOptimizer(new ParameterGroup(ours[..2], 1e-2, weightDecay: 0.1), new ParameterGroup(ours[2..], 3e-2, weightDecay: 0));
        using var peer = optim.AdamW(
            [new AdamW.ParamGroup(theirs[..2], 1e-2, weight_decay: 0.1), new AdamW.ParamGroup(theirs[2..], 3e-2, weight_decay: 0)]);
        for (var step = 0; step < 10; step++)
        {
            optimizer.Groups[0].LearningRate = 1e-2 / (step + 1);
            peer.ParamGroups.First().LearningRate = 1e-2 / (step + 1);
            Loss(ours, step).backward();
            Loss(theirs, step).backward();
            var norm = nn.utils.clip_grad_norm_(theirs, 1);
            peer.step();
            peer.zero_grad();
            Assert.Equal(norm, Update.Apply(optimizer, 1, 0, () => ""), 1e-5 * norm);
        }

        foreach (var (mine, other) in ours.Zip(theirs))
        {
            Assert.Equal(0, (mine - other).abs().max().item<float>(), 1e-6);
        }

        Assert.All(optimizer.Moments, moments => Assert.Equal(10, moments.Steps.item<float>()));
    }

    [Fact]
    public void A_parameter_without_a_gradient_stays_and_counts_no_step()
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters();
        using var optimizer = new AdamWOptimizer(new ParameterGroup(parameters, 1e-2, weightDecay: 0.1));
        var before = parameters[1].detach().clone();
        parameters[0].Squared().sum().backward();
        optimizer.Step();
        Assert.True(parameters[1].equal(before).all().item<bool>());
        Assert.Equal([1, 0, 0], optimizer.Moments.Select(moments => moments.Steps.item<float>()));
        Assert.Null(parameters[0].grad);
        Assert.Equal(0, optimizer.GradientNorm());
    }

    [Fact]
    public void A_step_leaves_no_tensor()
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters();
        using var optimizer = new AdamWOptimizer(new ParameterGroup(parameters, 1e-2, weightDecay: 0.1));
        var live = new List<long>();
        for (var step = 0; step < 3; step++)
        {
            using (NewDisposeScope())
            {
                Loss(parameters, step).backward();
            }

            Update.Apply(optimizer, 1, 0, () => "");
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }

        Assert.Equal(live[0], live[^1]);
    }

    private static Parameter[] Parameters()
    {
        using var generator = new Generator(7);
        return
        [
            .. ((long[][])[[3, 5], [7], [2, 2, 2]]).Select(shape => new Parameter(randn(shape, generator: generator))),
        ];
    }

    // A gradient of another size and sign at each step.
    private static Tensor Loss(Parameter[] parameters, int step) =>
        parameters.Select(parameter => parameter.Minus(0.3 * step).Squared().Times(step + 1).sum()).Aggregate((a, b) => a.Plus(b)); // []
}
