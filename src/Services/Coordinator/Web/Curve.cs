namespace Rlhf.Coordinator.Web;

/// <summary>One figure of a stage over its steps, or over a part of them.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Name">The figure, as the Learner names it.</param>
/// <param name="FirstStep">The first step there is.</param>
/// <param name="LastStep">The last step there is.</param>
/// <param name="Window">The part that is shown; null is all.</param>
/// <param name="Points">Points within the window, thinned where there are more than a screen shows.</param>
internal sealed record Curve(string Stage, string Name, long FirstStep, long LastStep, CurveWindow? Window, IReadOnlyList<CurvePoint> Points);
