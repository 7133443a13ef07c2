namespace Rlhf.DataFiles;

/// <summary>A data file that has been read.</summary>
/// <typeparam name="T">A row.</typeparam>
/// <param name="Path">Where it lies.</param>
/// <param name="Sha256">Of the file's bytes, lower-case hex.</param>
/// <param name="Rows">The usable ones, in the file's order.</param>
/// <param name="BadRows">The others.</param>
public sealed record RowFile<T>(string Path, string Sha256, IReadOnlyList<T> Rows, BadRows BadRows)
{
    /// <summary>Rows of the file, usable or not.</summary>
    public int RowCount => Rows.Count + BadRows.Count;

    /// <summary>Requires usable rows, and no more bad ones than tolerated.</summary>
    /// <returns>This file.</returns>
    /// <exception cref="InvalidDataException">There are too many bad rows, or no good one; the message has the reasons with lines.</exception>
    public RowFile<T> Require(BadRowLimit limit)
    {
        var reasons = string.Join(" ", BadRows.Sentences().Select(sentence => sentence.TrimEnd('.') + "."));
        return !limit.Allows(BadRows.Count, RowCount)
            ? throw new InvalidDataException(
                $"{Path}: {BadRows.Count} of {RowCount} rows can't be used, and at most {limit} are tolerated. {reasons} Mend the file, or raise max-bad-rows.")
            : Rows.Count == 0
            ? throw new InvalidDataException($"{Path} has no usable row. {(reasons.Length == 0 ? "It is empty." : reasons)}")
            : this;
    }
}
