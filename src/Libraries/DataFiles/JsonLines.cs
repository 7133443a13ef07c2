using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Rlhf.DataFiles;

/// <summary>Reads files of one JSON object a line, plain or gzipped (".gz"). Lines that can't be used are counted, not thrown.</summary>
public static class JsonLines
{
    /// <summary>Reads a file.</summary>
    /// <typeparam name="T">What a row becomes.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="read">Makes a row of an object; throws <see cref="RefusedItemException"/> where it can't be used.</param>
    /// <exception cref="IOException">The file is not there or can't be read.</exception>
    /// <exception cref="InvalidDataException">A ".gz" file is damaged.</exception>
    public static RowFile<T> Read<T>(string path, Func<JsonElement, T> read) => Read(path, (json, _) => read(json));

    /// <summary>Reads a file whose rows are to know where they come from.</summary>
    /// <typeparam name="T">What a row becomes.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="read">Makes a row of an object and its line, from 1; throws <see cref="RefusedItemException"/> where it can't be used.</param>
    /// <exception cref="IOException">The file is not there or can't be read.</exception>
    /// <exception cref="InvalidDataException">A ".gz" file is damaged.</exception>
    public static RowFile<T> Read<T>(string path, Func<JsonElement, int, T> read)
    {
        using var file = File.OpenRead(path);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
        file.Position = 0;
        using Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(stream);
        var rows = new List<T>();
        var badRows = new BadRows();
        for (var line = 1; reader.ReadLine() is { } text; line++)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }

            try
            {
                using var json = JsonDocument.Parse(text);
                rows.Add(json.RootElement.ValueKind == JsonValueKind.Object
                    ? read(json.RootElement, line)
                    : throw new RefusedItemException("broken_json", "The line is JSON, but no object."));
            }
            catch (JsonException broken)
            {
                badRows.Add(line, "broken_json", broken.Message);
            }
            catch (RefusedItemException refusal)
            {
                badRows.Add(line, refusal.Reason, refusal.Message);
            }
        }

        return new RowFile<T>(path, sha256, rows, badRows);
    }
}
