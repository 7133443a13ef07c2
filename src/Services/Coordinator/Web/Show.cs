using System.Globalization;

namespace Rlhf.Coordinator.Web;

/// <summary>How the console writes figures: one way on every page.</summary>
internal static class Show
{
    private const string Unknown = "–";

    public static string Number(double? value, int digits = 2) =>
        // Adding zero takes the sign off a zero.
        value is { } known && double.IsFinite(known) ? (Math.Round(known, digits) + 0.0).ToString($"N{digits}", CultureInfo.InvariantCulture) : Unknown;

    /// <summary>An Elo or Bradley–Terry rating: no separator, as everybody writes them.</summary>
    public static string Rating(double? value) => value is { } known && double.IsFinite(known) ? known.ToString("F0", CultureInfo.InvariantCulture) : Unknown;

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>So many of a thing whose plural ends in s: "1 comparison", "2,000 comparisons".</summary>
    public static string Count(long value, string thing) => $"{Count(value)} {thing}{(value == 1 ? "" : "s")}";

    public static string Percent(double? share) => share is { } known && double.IsFinite(known) ? Number(100 * known, 1) + " %" : Unknown;

    public static string Duration(double seconds)
    {
        var whole = TimeSpan.FromSeconds(Math.Round(seconds));
        return whole.TotalMinutes < 1 ? $"{whole.Seconds} s"
            : whole.TotalHours < 1 ? string.Create(CultureInfo.InvariantCulture, $"{whole.Minutes} min {whole.Seconds:00} s")
            : string.Create(CultureInfo.InvariantCulture, $"{(long)whole.TotalHours} h {whole.Minutes:00} min");
    }

    /// <summary>Items a second, with as many digits as tell something.</summary>
    public static string Rate(long done, double seconds) =>
        done > 0 && seconds > 0.05 ? Number(done / seconds, done / seconds < 10 ? 1 : 0) + "/s" : "";

    /// <summary>A moment in this machine's time zone.</summary>
    public static string Time(long unixMs) => Moment(unixMs).ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A moment for a time element's attribute.</summary>
    public static string IsoTime(long unixMs) => Moment(unixMs).ToString("O", CultureInfo.InvariantCulture);

    /// <summary>A coordinate or any other number inside an SVG attribute or an address.</summary>
    public static string Invariant(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);

    /// <summary>A name of an enumeration as words of a page.</summary>
    public static string Word(Enum value) => value.ToString().ToLowerInvariant();

    /// <summary>A short text of a longer one, on one line.</summary>
    public static string Short(string text, int letters = 120)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= letters ? line : string.Concat(line.AsSpan(0, letters - 1), "…");
    }

    private static DateTimeOffset Moment(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(unixMs);
}
