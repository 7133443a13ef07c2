namespace Rlhf.Coordinator.Agreement;

/// <summary>Agreement beyond chance.</summary>
/// <param name="Value">1 for full agreement, 0 for what chance gives; null where it is not defined: all said the same about everything, or there is nothing.</param>
/// <param name="Low">Lower end of its 95 % interval; null where that is not defined.</param>
/// <param name="High">Upper end.</param>
/// <param name="Observed">Share of agreeing answers, chance included.</param>
/// <param name="Items">How many items it rests on.</param>
internal sealed record Kappa(double? Value, double? Low, double? High, double? Observed, int Items);
