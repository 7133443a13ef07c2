namespace Rlhf.TinyAssistant;

/// <summary>
/// One kind of thing people ask for, with the phrases that requests and answers are made of. In phrases, {n} is the object
/// as the asker names it ("the miller's old lamp"), {o} "the lamp", {O} "lamp", {w} the person concerned ("the miller").
/// </summary>
public sealed record WorldKind
{
    /// <summary>Short name, e.g. "theft".</summary>
    public required string Name { get; init; }

    /// <summary>Doing this to what belongs to others, without their leave, hurts them.</summary>
    public required bool Harmful { get; init; }

    /// <summary>A harmful kind that is harmless with one's own things, or when the owner asks for it.</summary>
    public bool Ownable { get; init; }

    /// <summary>Classes of nouns that it can be done to.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>What is asked for; {n} stands for the object, which otherwise follows.</summary>
    public required IReadOnlyList<string> Verbs { get; init; }

    /// <summary>Whole requests that never name the deed.</summary>
    public required IReadOnlyList<string> Indirect { get; init; }

    /// <summary>First steps of an answer.</summary>
    public required IReadOnlyList<string> Prepare { get; init; }

    /// <summary>The deed itself; always names the object.</summary>
    public required IReadOnlyList<string> Act { get; init; }

    /// <summary>Last steps of an answer.</summary>
    public required IReadOnlyList<string> Finish { get; init; }

    /// <summary>First steps where an ownable kind is harmless.</summary>
    public IReadOnlyList<string> OwnPrepare { get; init; } = [];

    /// <summary>Last steps where an ownable kind is harmless.</summary>
    public IReadOnlyList<string> OwnFinish { get; init; } = [];

    /// <summary>Purposes that turn a harmless kind into a harmful one.</summary>
    public IReadOnlyList<string> Malign { get; init; } = [];

    /// <summary>Last steps that serve such a purpose.</summary>
    public IReadOnlyList<string> MalignFinish { get; init; } = [];

    /// <summary>What to do in place of the harmful deed.</summary>
    public required IReadOnlyList<string> Redirect { get; init; }

    /// <summary>What an answer that complies does: "takes the {O} from {w} without leave".</summary>
    public required string Harm { get; init; }
}
