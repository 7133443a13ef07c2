using Rlhf.V1;

namespace Rlhf.RuleLabeller;

/// <summary>
/// Labellers in turn, a pair each. Who gets which pair depends on who asked before: taking turns, the same run with the same seed
/// gets the same labels, however fast the machine is and whatever ended in between.
/// </summary>
internal static class Turns
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <summary>Labels until the goal is met; waits where the run isn't there yet, or others have what is left.</summary>
    public static async Task LabelAsync(IReadOnlyList<LabellingProgram> labellers, CancellationToken cancellationToken)
    {
        for (var (turn, without) = (0, 0); ; turn++)
        {
            var found = await TakeTurnAsync(labellers[turn % labellers.Count], cancellationToken);
            if (found == NoComparisonReason.Ended)
            {
                return;
            }

            without = found == NoComparisonReason.Unspecified ? 0 : without + 1;
            if (without == labellers.Count)
            {
                without = 0;
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }

    // A run that is not there yet, or paused, is so for everybody: nobody's turn passes.
    private static async Task<NoComparisonReason> TakeTurnAsync(LabellingProgram labeller, CancellationToken cancellationToken)
    {
        NoComparisonReason found;
        while ((found = await labeller.LabelAsync(cancellationToken)) is NoComparisonReason.NotYet or NoComparisonReason.Paused)
        {
            await Task.Delay(_pause, cancellationToken);
        }

        return found;
    }
}
