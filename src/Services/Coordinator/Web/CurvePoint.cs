namespace Rlhf.Coordinator.Web;

/// <summary>A figure at a step.</summary>
internal readonly record struct CurvePoint(long Step, double Value);
