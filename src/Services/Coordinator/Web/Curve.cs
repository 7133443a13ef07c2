namespace Rlhf.Coordinator.Web;

/// <summary>One figure of a stage over its steps.</summary>
internal sealed record Curve(string Stage, string Name, IReadOnlyList<long> Steps, IReadOnlyList<double> Values);
