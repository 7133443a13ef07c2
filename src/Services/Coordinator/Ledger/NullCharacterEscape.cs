using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Rlhf.Coordinator.Ledger;

/// <summary>
/// PostgreSQL keeps no text with U+0000, and models do write it. It is kept as U+0010 '0', and U+0010 itself as U+0010 '1', so that
/// every text comes back as it was.
/// </summary>
internal sealed class NullCharacterEscape() : ValueConverter<string, string>(text => Escape(text), text => Unescape(text))
{
    public static string Escape(string text) => text.AsSpan().ContainsAny('\0', '\u0010')
        ? text.Replace("\u0010", "\u00101", StringComparison.Ordinal).Replace("\0", "\u00100", StringComparison.Ordinal)
        : text;

    public static string Unescape(string text) => text.Contains('\u0010', StringComparison.Ordinal)
        ? text.Replace("\u00100", "\0", StringComparison.Ordinal).Replace("\u00101", "\u0010", StringComparison.Ordinal)
        : text;
}
