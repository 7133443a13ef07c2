using Spectre.Console;

namespace Rlhf.AppHost;

/// <summary>The one way to the terminal: lines from any thread, above whatever is being redrawn.</summary>
internal static class Terminal
{
    private static readonly Lock _lock = new();

    /// <summary>Whether somebody watches a screen that can be redrawn.</summary>
    public static bool IsInteractive => AnsiConsole.Profile.Capabilities.Interactive && AnsiConsole.Profile.Capabilities.Ansi && !Console.IsOutputRedirected;

    /// <summary>Writes a whole line.</summary>
    public static void WriteLine(string line)
    {
        lock (_lock)
        {
            if (IsInteractive)
            {
                AnsiConsole.WriteLine(line);
            }
            else
            {
                Console.Out.WriteLine(line);
            }
        }
    }

    /// <summary>Writes the sentence that says why the program ends.</summary>
    public static void WriteError(string sentence)
    {
        lock (_lock)
        {
            Console.Error.WriteLine("error: " + sentence.ReplaceLineEndings(" "));
        }
    }
}
