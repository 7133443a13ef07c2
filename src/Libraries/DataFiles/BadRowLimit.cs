using System.Globalization;

namespace Rlhf.DataFiles;

/// <summary>How many rows of a file may be unusable before the file is refused as a whole: a share of its rows, or a number.</summary>
/// <param name="Share">0 to 1; used where <paramref name="Rows"/> is null.</param>
/// <param name="Rows">0 or more.</param>
public sealed record BadRowLimit(double Share, int? Rows)
{
    /// <summary>5 %: HH-RLHF has about 0.2 %, so a file past this was made wrongly, or has texts too long for the model.</summary>
    public static BadRowLimit Default { get; } = new(0.05, null);

    /// <summary>Reads "5%" as a share and "20" as a number of rows.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static BadRowLimit Parse(string text)
    {
        var number = text.Trim();
        return number.EndsWith('%') && double.TryParse(number[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) && percent is >= 0 and <= 100
            ? new BadRowLimit(percent / 100, null)
            : int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var rows)
            ? new BadRowLimit(0, rows)
            : throw new FormatException($"'{text}' is no limit on bad rows; give a share such as 5%, or a number of rows such as 20.");
    }

    /// <summary>Whether a file with these numbers passes.</summary>
    public bool Allows(int badRows, int allRows) => badRows <= (Rows ?? Share * allRows);

    /// <inheritdoc/>
    public override string ToString() => Rows?.ToString(CultureInfo.InvariantCulture)
        ?? (100 * Share).ToString("0.######", CultureInfo.InvariantCulture) + "%";
}
