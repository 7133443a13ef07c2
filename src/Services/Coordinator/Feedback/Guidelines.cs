using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Feedback;

/// <summary>The guidelines that labellers go by, read anew when their file changes.</summary>
internal sealed class Guidelines
{
    private const int MaxCharacters = 200_000;
    private const string Resource = "guidelines.md";

    private readonly string? _path;
    private readonly Lock _lock = new();
    private (DateTime WrittenUtc, GuidelinesText Text) _last;

    /// <summary>Reads them, so that what is wrong with them stops the start.</summary>
    /// <exception cref="StartupException">The file can't be read, is empty or too long.</exception>
    public Guidelines(LabellingOptions options)
    {
        _path = string.IsNullOrEmpty(options.GuidelinesPath) ? null : options.GuidelinesPath;
        try
        {
            _last = (DateTime.MinValue, _path is null ? GuidelinesText.Of(ReadBuiltIn()) : Read(_path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new StartupException($"{LabellingOptions.Section}:{nameof(LabellingOptions.GuidelinesPath)} '{_path}': {exception.Message}", exception);
        }
    }

    /// <summary>Them as they are now.</summary>
    /// <exception cref="IOException">The file has gone since the start.</exception>
    public GuidelinesText Current()
    {
        if (_path is null)
        {
            return _last.Text;
        }

        var written = File.GetLastWriteTimeUtc(_path);
        lock (_lock)
        {
            if (written != _last.WrittenUtc)
            {
                _last = (written, Read(_path));
            }

            return _last.Text;
        }
    }

    private static GuidelinesText Read(string path)
    {
        var text = File.ReadAllText(path);
        return text.Length is > 0 and <= MaxCharacters
            ? GuidelinesText.Of(text)
            : throw new InvalidDataException($"the guidelines have {text.Length} characters; they have 1 to {MaxCharacters}");
    }

    private static string ReadBuiltIn()
    {
        using var stream = typeof(Guidelines).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource '{Resource}' is missing from this build");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
