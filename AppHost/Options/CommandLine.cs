using System.CommandLine;
using System.Globalization;
using Rlhf.ModelHub;

namespace Rlhf.AppHost.Options;

/// <summary>The command line: <c>dotnet run --project AppHost -- OPTIONS</c>.</summary>
internal static class CommandLine
{
    public const string NoRun = "none";
    public const string DefaultRun = "rlaif";

    private const string SqliteLedger = "sqlite";
    private const string PostgresLedger = "postgres";

    // What the Coordinator has built in.
    private static readonly string[] _namedRuns = [NoRun, DefaultRun, "rlhf", "mixed"];

    /// <summary>The exit code for a command line that asks for what cannot be.</summary>
    public const int UsageError = 2;

    private static readonly Option<string> _run = new("--run")
    {
        Description = "What to do: none (only start the system), rlaif (train from AI feedback), rlhf (from people's), mixed (from both), or a run file (YAML or JSON).",
        HelpName = "none|rlaif|rlhf|mixed|FILE",
        DefaultValueFactory = static _ => DefaultRun,
    };

    private static readonly Option<bool> _exitWhenDone = new("--exit-when-done")
    {
        Description = "Stop the system when the run has ended: exit code 0 when it succeeded, 1 when it failed. Otherwise the system stays up for calls.",
    };

    private static readonly Option<string?> _report = new("--report") { Description = "Write the run's report to this file, as JSON.", HelpName = "FILE" };

    private static readonly Option<ulong> _seed = new("--seed")
    {
        Description = "Seed of everything random.",
        HelpName = "N",
        DefaultValueFactory = static _ => 1,
    };

    private static readonly Option<string?> _model = new("--model")
    {
        Description = "The base model: a folder in the Hugging Face layout, or owner/name[@revision] of the Hugging Face Hub. Default: the model in this repository.",
        HelpName = "FOLDER|OWNER/NAME",
    };

    private static readonly Option<string?> _prompts = new("--prompts")
    {
        Description = "Prompts to train on: JSONL (prompt or messages), CSV with a prompt column, or plain text, one a line. Default: the run's own.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> _constitution = new("--constitution")
    {
        Description = "Principles that the judge goes by (YAML or JSON). Default: the built-in sixteen.",
        HelpName = "FILE",
    };

    private static readonly Option<int> _generators = new("--generators")
    {
        Description = "How many generators share the sampling.",
        HelpName = "N",
        DefaultValueFactory = static _ => 2,
    };

    private static readonly Option<int> _rewardReplicas = new("--reward-replicas")
    {
        Description = "How many processes of the Reward service share the scoring.",
        HelpName = "N",
        DefaultValueFactory = static _ => 1,
    };

    private static readonly Option<string?> _data = new("--data")
    {
        Description = "Folder for the ledger, trained versions and logs. Default: data, in this repository.",
        HelpName = "FOLDER",
    };

    private static readonly Option<string> _ledger = new("--ledger")
    {
        Description = "What keeps the ledger: sqlite, a file in the data folder, or postgres, a PostgreSQL started beside the services. ConnectionStrings__ledger names one that runs already.",
        HelpName = "sqlite|postgres",
        DefaultValueFactory = static _ => SqliteLedger,
    };

    private static readonly Option<bool> _resume = new("--resume") { Description = "Go on with the last run in the data folder, where it stopped." };

    private static readonly Option<bool> _verbose = new("--verbose") { Description = "Show every log line of every service, not only warnings and errors." };

    /// <summary>Reads the arguments. Prints help, the version or one sentence of error when there is nothing to start.</summary>
    /// <param name="args">The program's arguments.</param>
    /// <param name="output">Where help goes.</param>
    /// <param name="error">Where the error goes.</param>
    /// <param name="exitCode">The program's exit code when null is returned.</param>
    public static AppHostOptions? Parse(string[] args, TextWriter output, TextWriter error, out int exitCode)
    {
        var command = new RootCommand("Starts the whole system on this machine and trains a language model from feedback. Ctrl-C stops everything.")
        {
            _run, _exitWhenDone, _report, _seed, _model, _prompts, _constitution, _generators, _rewardReplicas, _data, _ledger, _resume, _verbose,
        };
        var parsed = command.Parse(args);
        if (parsed.Errors.Count == 0 && parsed.Action is not null)
        {
            exitCode = parsed.Invoke(new InvocationConfiguration { Output = output, Error = error }); // --help, --version
            return null;
        }

        if (Problem(parsed) is { } problem)
        {
            error.WriteLine($"error: {problem} --help lists the options.");
            exitCode = UsageError;
            return null;
        }

        exitCode = 0;
        return Options(parsed);
    }

    private static AppHostOptions Options(ParseResult parsed) => new()
    {
        Run = RunOf(parsed),
        ExitWhenDone = parsed.GetValue(_exitWhenDone),
        ReportPath = FullPath(parsed.GetValue(_report)),
        Seed = parsed.GetValue(_seed),
        HubModel = HubModelOf(parsed.GetValue(_model)),
        ModelPath = HubModelOf(parsed.GetValue(_model)) is not null ? "" : FullPath(parsed.GetValue(_model)) ?? Path.Combine(AppHostOptions.RepositoryRoot, "src", "Models", "TinyAssistant", "model"),
        PromptsPath = FullPath(parsed.GetValue(_prompts)),
        ConstitutionPath = FullPath(parsed.GetValue(_constitution)),
        Generators = parsed.GetValue(_generators),
        RewardReplicas = parsed.GetValue(_rewardReplicas),
        DataPath = FullPath(parsed.GetValue(_data)) ?? Path.Combine(AppHostOptions.RepositoryRoot, "data"),
        Ledger = parsed.GetValue(_ledger) == PostgresLedger ? LedgerStore.Postgres : LedgerStore.Sqlite,
        Resume = parsed.GetValue(_resume),
        Verbose = parsed.GetValue(_verbose),
    };

    /// <summary>What is wrong with the command line, as a sentence, or null.</summary>
    private static string? Problem(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens.Count > 0)
        {
            return $"'{parsed.UnmatchedTokens[0]}' is not an option.";
        }

        if (parsed.Errors.Count > 0)
        {
            return parsed.Errors[0].Message;
        }

        var run = parsed.GetValue(_run);
        var hasRun = run != NoRun;
        return MissingFile(_run, run is null || _namedRuns.Contains(run) ? null : run)
            ?? MissingFile(_prompts, parsed.GetValue(_prompts))
            ?? MissingFile(_constitution, parsed.GetValue(_constitution))
            ?? MissingModel(parsed.GetValue(_model))
            ?? ImpossibleCount(_generators, parsed.GetValue(_generators))
            ?? ImpossibleCount(_rewardReplicas, parsed.GetValue(_rewardReplicas))
            ?? (parsed.GetValue(_ledger) is not (SqliteLedger or PostgresLedger) ? $"--ledger is '{parsed.GetValue(_ledger)}'; it can be {SqliteLedger} or {PostgresLedger}." : null)
            ?? (!hasRun && parsed.GetValue(_exitWhenDone) ? "--exit-when-done needs a run, and --run is none." : null)
            ?? (!hasRun && parsed.GetValue(_report) is not null ? "--report needs a run, and --run is none." : null)
            ?? UnwritableReport(parsed.GetValue(_report));
    }

    private static string? ImpossibleCount(Option option, int count)
        => count is < 1 or > 64 ? string.Create(CultureInfo.InvariantCulture, $"{option.Name} is {count}; it can be 1 to 64.") : null;

    private static string? MissingFile(Option option, string? path)
        => path is null || File.Exists(path) ? null : $"{option.Name}: there is no file '{path}'.";

    private static string? MissingModel(string? model) => model switch
    {
        null => null,
        _ when Directory.Exists(model) || HubModelOf(model) is not null => null,
        _ => $"{_model.Name}: there is no folder '{model}', nor does it read as owner/name of the Hugging Face Hub.",
    };

    // A folder of that name wins.
    private static HubModelId? HubModelOf(string? model) => model is null || Directory.Exists(model) ? null : HubModelId.TryParse(model);

    private static string? UnwritableReport(string? path) => FullPath(path) switch
    {
        null => null,
        var full when Directory.Exists(full) => $"--report: '{path}' is a folder; name a file.",
        var full when !Directory.Exists(Path.GetDirectoryName(full)) => $"--report: there is no folder '{Path.GetDirectoryName(full)}'.",
        _ => null,
    };

    private static string RunOf(ParseResult parsed)
        => parsed.GetValue(_run) is not { } run ? DefaultRun : _namedRuns.Contains(run) ? run : Path.GetFullPath(run);

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);
}
