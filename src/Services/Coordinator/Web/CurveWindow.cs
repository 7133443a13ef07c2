using System.Globalization;

namespace Rlhf.Coordinator.Web;

/// <summary>The steps from From to To of one curve; in an address "STAGE~NAME~FROM~TO".</summary>
internal sealed record CurveWindow(string Stage, string Name, long From, long To)
{
    /// <summary>The parameter of an address that holds one; there may be several, one a curve.</summary>
    public const string Parameter = "zoom";

    private const char Separator = '~';

    /// <summary>The windows of an address; what is none is left out.</summary>
    public static IReadOnlyList<CurveWindow> Of(HttpContext? context) =>
        [.. context?.Request.Query[Parameter].Select(Parse).OfType<CurveWindow>() ?? []];

    /// <summary>This window moved and scaled, kept within the steps there are.</summary>
    /// <param name="curve">The curve.</param>
    /// <param name="shift">By how many of its widths it moves.</param>
    /// <param name="scale">Its new width in its old one.</param>
    public static CurveWindow Moved(Curve curve, double shift, double scale)
    {
        var (from, to) = curve.Window is { } window ? (window.From, window.To) : (curve.FirstStep, curve.LastStep);
        var width = Math.Max(1, (long)Math.Ceiling((to - from) * scale));
        width = Math.Min(width, curve.LastStep - curve.FirstStep);
        var start = (long)Math.Round(((from + to - width) / 2.0) + (shift * (to - from)));
        start = Math.Clamp(start, curve.FirstStep, Math.Max(curve.FirstStep, curve.LastStep - width));
        return new CurveWindow(curve.Stage, curve.Name, start, start + width);
    }

    /// <summary>Whether this is a window of that curve.</summary>
    public bool IsOf(string stage, string name) => Stage == stage && Name == name;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Stage}{Separator}{Name}{Separator}{From}{Separator}{To}");

    private static CurveWindow? Parse(string? text) =>
        text?.Split(Separator) is [var stage, var name, var first, var last]
        && long.TryParse(first, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var from)
        && long.TryParse(last, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var to)
        && from < to
            ? new CurveWindow(stage, name, from, to)
            : null;
}
