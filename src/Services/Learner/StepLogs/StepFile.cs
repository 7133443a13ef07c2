using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlhf.Learner.StepLogs;

/// <summary>The steps as JSON lines: "step", "steps_wanted", "unix_seconds", and the step's figures by their names.</summary>
internal sealed class StepFile : IDisposable
{
    private readonly StreamWriter _writer;

    /// <summary>Opens or makes the file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="firstStep">Lines of this step and of later ones are dropped, and a half-written last line too: they are done again.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    public StepFile(string path, long firstStep)
    {
        var kept = File.Exists(path) ? File.ReadLines(path).TakeWhile(line => IsBefore(line, firstStep)).Sum(line => Encoding.UTF8.GetByteCount(line) + 1L) : 0;
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        stream.SetLength(Math.Min(kept, stream.Length));
        stream.Seek(0, SeekOrigin.End);
        _writer = new StreamWriter(stream);
    }

    /// <summary>Adds a line, and gives it to the system.</summary>
    /// <exception cref="IOException">The disk is full, or can't be written.</exception>
    public void Add(long step, long stepsWanted, DateTimeOffset time, IReadOnlyDictionary<string, double> values)
    {
        var line = new JsonObject { ["step"] = step, ["steps_wanted"] = stepsWanted, ["unix_seconds"] = time.ToUnixTimeMilliseconds() / 1000.0 };
        foreach (var (name, value) in values)
        {
            line[name] = value;
        }

        _writer.Write(line.ToJsonString());
        _writer.Write('\n');
        _writer.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static bool IsBefore(string line, long firstStep)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty("step", out var step) && step.GetInt64() < firstStep;
        }
        catch (JsonException)
        {
            return false; // cut off while it was written
        }
    }
}
