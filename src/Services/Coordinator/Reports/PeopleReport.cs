using Rlhf.Coordinator.Agreement;

namespace Rlhf.Coordinator.Reports;

/// <summary>People's labels, and how far they can be relied on.</summary>
internal sealed record PeopleReport
{
    /// <summary>Labels that were trained on.</summary>
    public required int Labels { get; init; }

    /// <summary>Share of those that came from programs: 1 means that no person took part.</summary>
    public required double? ProgramShare { get; init; }

    /// <summary>All labels that stand, by verdict.</summary>
    public required IReadOnlyDictionary<string, int> Verdicts { get; init; }

    /// <summary>Labels that were taken back.</summary>
    public required int Undone { get; init; }

    /// <summary>Labels of pairs shown again.</summary>
    public required int Repeats { get; init; }

    /// <summary>Labels that came after the goal was met.</summary>
    public required int Late { get; init; }

    /// <summary>Each labeller, by name.</summary>
    public required IReadOnlyList<LabellerReport> Labellers { get; init; }

    /// <summary>Agreement of any two labellers on pairs that two labelled (Fleiss).</summary>
    public required Kappa Agreement { get; init; }

    /// <summary>Agreement of each two labellers who share pairs (Cohen).</summary>
    public required IReadOnlyList<AgreementReport> AgreementByLabellers { get; init; }

    /// <summary>Agreement with the judge on pairs that both compared (Cohen); null where there are none.</summary>
    public required Kappa? AgreementWithJudge { get; init; }

    /// <summary>The same by the judge's principle.</summary>
    public required IReadOnlyDictionary<string, Kappa> AgreementWithJudgeByPrinciple { get; init; }

    /// <summary>How often labellers choose the answer shown first, where they choose one.</summary>
    public required Share FirstShare { get; init; }

    /// <summary>SHA-256 of the guidelines under which labels were given.</summary>
    public required IReadOnlyList<string> Guidelines { get; init; }
}
