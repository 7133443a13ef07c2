using CsvHelper;

namespace Rlhf.Coordinator.Web;

/// <summary>A figure at a step, as a line of a CSV file.</summary>
[CsvRecord]
internal sealed partial class CurveRow
{
    [CsvColumn("stage")]
    public required string Stage { get; init; }

    [CsvColumn("name")]
    public required string Name { get; init; }

    [CsvColumn("step")]
    public required long Step { get; init; }

    [CsvColumn("value")]
    public required double Value { get; init; }
}
