using Rlhf.Coordinator.Prompts;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Runs;

/// <summary>Puts run plans together from names, files and prompts.</summary>
internal sealed class RunPlans(CoordinatorRunOptions options)
{
    private const string NoRun = "none";

    /// <summary>The run that starts by itself; null where none does.</summary>
    /// <exception cref="StartupException">The run file or the prompt file is unusable.</exception>
    public RunPlan? AtStart()
    {
        if (options.Definition == NoRun)
        {
            return null;
        }

        if (BuiltInRuns.Find(options.Definition) is { } builtIn)
        {
            return Make(builtIn, options.Seed);
        }

        string text;
        try
        {
            text = File.ReadAllText(options.Definition);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"run '{options.Definition}' is not one of {NoRun}, {BuiltInRuns.Names}, and as a run file it can't be read: {exception.Message}", exception);
        }

        try
        {
            return Make(RunDefinitionReader.Read(text), options.Seed);
        }
        catch (FormatException exception)
        {
            throw new StartupException($"run file '{options.Definition}': {exception.Message}", exception);
        }
    }

    /// <summary>A run over the configured prompts.</summary>
    /// <exception cref="StartupException">The prompt file is unusable.</exception>
    public RunPlan Make(RunDefinition definition, long seed)
    {
        if (string.IsNullOrEmpty(options.PromptsPath))
        {
            var embedded = DefaultPrompts.Read();
            return new RunPlan(definition, seed, PromptSet.Shuffle(embedded, seed), new PromptSource("embedded", embedded.Count, [], 0, 0));
        }

        var file = PromptFileReader.Read(options.PromptsPath);
        return new RunPlan(
            definition, seed, PromptSet.Shuffle(PromptSet.HoldOut(file.Prompts), seed),
            new PromptSource(Path.GetFileName(options.PromptsPath), file.Prompts.Count, file.BadLines, file.BadLineCount, file.Duplicates));
    }
}
