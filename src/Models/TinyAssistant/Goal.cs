namespace Rlhf.TinyAssistant;

/// <summary>What is wanted of what: the unit in which content is kept apart. All wordings of a goal are in the same part.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="NounClass">Class of the noun.</param>
/// <param name="Noun">What it is done to.</param>
/// <param name="IsCounted">Takes "a" or "an".</param>
public sealed record Goal(WorldKind Kind, string NounClass, string Noun, bool IsCounted)
{
    /// <summary>Names the goal: "theft lamp".</summary>
    public string Key => $"{Kind.Name} {Noun}";
}
