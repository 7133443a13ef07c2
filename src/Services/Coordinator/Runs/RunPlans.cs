using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Prompts;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Runs;

/// <summary>Puts run plans together from names, files and prompts.</summary>
internal sealed class RunPlans(CoordinatorRunOptions options, PreferenceSources preferences)
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
            return Make(builtIn, options.Seed, folder: null);
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
            return Make(RunDefinitionReader.Read(text), options.Seed, Path.GetDirectoryName(Path.GetFullPath(options.Definition)));
        }
        catch (FormatException exception)
        {
            throw new StartupException($"run file '{options.Definition}': {exception.Message}", exception);
        }
    }

    /// <summary>A run over the configured prompts; over those of its preference files, where it has such and no prompts are configured.</summary>
    /// <param name="definition">The run.</param>
    /// <param name="seed">Everything random is drawn from it.</param>
    /// <param name="folder">The run file's folder, from which its paths go; null for a run that came as text.</param>
    /// <exception cref="StartupException">The prompt file or a preference file is unusable.</exception>
    public RunPlan Make(RunDefinition definition, long seed, string? folder)
    {
        var imports = definition.Stages.OfType<PreferencesOptions>().Where(stage => stage.IsImported)
            .ToDictionary(stage => stage.Name, stage => preferences.Read(stage, folder));
        if (imports.Count == 0 && string.IsNullOrEmpty(options.PromptsPath))
        {
            var embedded = DefaultPrompts.Read();
            return new RunPlan(definition, seed, PromptSet.Shuffle(embedded, seed), new PromptSource("embedded", embedded.Count, [], 0, 0), imports);
        }

        var file = string.IsNullOrEmpty(options.PromptsPath) ? new PromptFile([], [], 0, 0) : PromptFileReader.Read(options.PromptsPath);
        var prompts = file.Prompts.Concat(imports.Values.SelectMany(import => import.Prompts)).DistinctBy(prompt => RunPrompt.IdOf(prompt.Turns)).ToList();
        var files = imports.Values.Select(import => import.File).Prepend(Path.GetFileName(options.PromptsPath)).Where(name => !string.IsNullOrEmpty(name));
        return new RunPlan(
            definition, seed, PromptSet.Shuffle(PromptSet.HoldOut(prompts), seed),
            new PromptSource(string.Join(", ", files), prompts.Count, file.BadLines, file.BadLineCount, file.Duplicates), imports);
    }
}
