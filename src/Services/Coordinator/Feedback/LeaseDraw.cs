using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Feedback;

/// <summary>What is drawn when a labeller asks for a pair: a function of the stage's seed, the labeller and how many they have had.</summary>
/// <param name="seed">The stage's.</param>
/// <param name="labellerId">Who asks.</param>
/// <param name="number">How many leases they have had in this stage.</param>
internal sealed class LeaseDraw(long seed, string labellerId, int number)
{
    /// <summary>A pair is shown again only when so many others came between: who remembers their answer says nothing about consistency.</summary>
    public const int MinLabelsBetween = 5;

    /// <summary>Whether an earlier pair is shown again.</summary>
    public bool IsRepeat(double share) => Uniform("repeat") < share;

    /// <summary>Which of so many earlier pairs is shown again.</summary>
    public int RepeatIndex(int candidates) => (int)(Uniform("which") * candidates);

    /// <summary>Whether answer A is shown first.</summary>
    public bool IsAFirst() => Uniform("side") < 0.5;

    private double Uniform(string purpose) => Seeds.Uniform(Seeds.Derive(seed, FormattableString.Invariant($"{labellerId}/{number}/{purpose}")));
}
