using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlhf.Coordinator.Web;

/// <summary>The lines of a run file around the one that an error names.</summary>
internal static partial class RunFileExcerpt
{
    private const int LinesAround = 2;

    /// <summary>The blamed line with its neighbours; empty where the message names no line of the text.</summary>
    public static IReadOnlyList<(int Number, string Line, bool IsBlamed)> Around(string text, string message)
    {
        if (LinePattern().Match(message) is not { Success: true } match
            || !int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var blamed))
        {
            return [];
        }

        var lines = text.ReplaceLineEndings("\n").Split('\n');
        return
        [
            .. lines.Select((line, index) => (Number: index + 1, line, IsBlamed: index + 1 == blamed))
                .Where(line => blamed <= lines.Length && Math.Abs(line.Number - blamed) <= LinesAround),
        ];
    }

    [GeneratedRegex(@"\bline (\d{1,6})\b")]
    private static partial Regex LinePattern();
}
