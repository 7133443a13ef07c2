using System.Globalization;

namespace Rlhf.Coordinator.Web;

/// <summary>Where a curve's points lie in its drawing.</summary>
internal sealed class CurveScale
{
    public const int Width = 360;
    public const int Height = 150;
    public const int Left = 46;
    public const int Right = Width - 8;
    private const int Top = 8;
    private const int Bottom = Height - 22;

    public CurveScale(Curve curve)
    {
        FirstStep = curve.Window?.From ?? curve.FirstStep;
        LastStep = Math.Max(curve.Window?.To ?? curve.LastStep, FirstStep + 1);
        (Low, High) = curve.Points.Count == 0 ? (0, 1) : (curve.Points.Min(point => point.Value), curve.Points.Max(point => point.Value));
        if (High - Low < 1e-9)
        {
            (Low, High) = (Low - 0.5, High + 0.5);
        }
    }

    public long FirstStep { get; }

    public long LastStep { get; }

    public double Low { get; }

    public double High { get; }

    /// <summary>Decimals that tell this curve's values apart.</summary>
    public int Digits => High - Low < 1 ? 3 : 2;

    public string X(long step) => Show.Invariant(Left + ((step - FirstStep) / (double)(LastStep - FirstStep) * (Right - Left)));

    public string Y(double value) => Show.Invariant(Top + ((High - value) / (High - Low) * (Bottom - Top)));

    /// <summary>The line through all points, as an SVG path.</summary>
    public string Path(IEnumerable<CurvePoint> points) =>
        string.Concat(points.Select((point, index) => $"{(index == 0 ? 'M' : 'L')}{X(point.Step)} {Y(point.Value)}"));

    /// <summary>Every point as "STEP:VALUE", for the page's script.</summary>
    public static string Data(Curve curve) => string.Join(
        ' ', curve.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Step}:{point.Value:G6}")));

    /// <summary>What the drawing shows, in words.</summary>
    public string Describe(Curve curve)
    {
        var what = $"{CurveReader.Titles[curve.Name]} of {curve.Stage}";
        return curve.Points.Count == 0
            ? $"{what}: no point between steps {FirstStep} and {LastStep}"
            : $"{what} over steps {FirstStep} to {LastStep}: from {Show.Number(curve.Points[0].Value, Digits)} to {Show.Number(curve.Points[^1].Value, Digits)}, "
                + $"between {Show.Number(Low, Digits)} and {Show.Number(High, Digits)}";
    }
}
