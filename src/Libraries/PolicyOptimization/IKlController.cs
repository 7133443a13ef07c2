namespace Rlhf.PolicyOptimization;

/// <summary>Chooses the weight of the KL penalty from update to update.</summary>
public interface IKlController
{
    /// <summary>Weight of the KL penalty in the reward, 0 or more.</summary>
    double Beta { get; }

    /// <summary>The controller after one update.</summary>
    /// <param name="klPerSequence">KL summed over each sequence and averaged over the batch, in nats.</param>
    /// <param name="sequences">Sequences since the last update.</param>
    IKlController Update(double klPerSequence, int sequences);

    /// <summary>The controller with another weight, from outside the rule: when an alarm raises it.</summary>
    /// <param name="beta">0 or more.</param>
    IKlController WithBeta(double beta);
}
