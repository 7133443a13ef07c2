namespace Rlhf.Learner.CommandLine;

/// <summary>A data file in the record of a training.</summary>
/// <param name="File">Absolute path.</param>
/// <param name="Sha256">Of its bytes.</param>
/// <param name="Kind">As in the config.</param>
/// <param name="HeldOut">Whether it was only measured on.</param>
/// <param name="Rows">Rows of the file.</param>
/// <param name="UsedRows">Rows that an epoch has of it.</param>
/// <param name="BadRows">Rows that could not be used, by reason.</param>
internal sealed record DataRecord(
    string File, string Sha256, string Kind, bool HeldOut, int Rows, int UsedRows, IReadOnlyDictionary<string, int> BadRows);
