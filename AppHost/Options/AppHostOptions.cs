using System.Reflection;
using Rlhf.ModelHub;

namespace Rlhf.AppHost.Options;

/// <summary>What the command line asked for; every path is absolute.</summary>
internal sealed record AppHostOptions
{
    /// <summary>Where the repository is that this program was built from.</summary>
    public static string RepositoryRoot { get; } = typeof(AppHostOptions).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(static attribute => attribute.Key == "RepositoryRoot").Value ?? throw new InvalidOperationException("RepositoryRoot is empty.");

    /// <summary>"none", "rlaif", "rlhf", "mixed" or a run file's path.</summary>
    public required string Run { get; init; }

    /// <summary>Ends the system when the run has ended.</summary>
    public required bool ExitWhenDone { get; init; }

    /// <summary>Where the report goes as JSON; null for nowhere.</summary>
    public required string? ReportPath { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>The base model's folder, in the Hugging Face layout; empty until <see cref="HubModel"/> has been downloaded.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The base model on the Hugging Face Hub; null for a folder.</summary>
    public required HubModelId? HubModel { get; init; }

    /// <summary>The prompt file; null for the run's own prompts.</summary>
    public required string? PromptsPath { get; init; }

    /// <summary>The constitution file; null for the built-in one.</summary>
    public required string? ConstitutionPath { get; init; }

    /// <summary>How many generators share the sampling.</summary>
    public required int Generators { get; init; }

    /// <summary>How many processes of the Reward service share the scoring.</summary>
    public required int RewardReplicas { get; init; }

    /// <summary>The folder that everything is kept in.</summary>
    public required string DataPath { get; init; }

    /// <summary>What keeps the ledger, where no connection string names a server.</summary>
    public required LedgerStore Ledger { get; init; }

    /// <summary>Goes on with the last run instead of starting a new one.</summary>
    public required bool Resume { get; init; }

    /// <summary>Shows all log lines of all services.</summary>
    public required bool Verbose { get; init; }

    public bool HasRun => Run != CommandLine.NoRun;

    public string LogsPath => Path.Combine(DataPath, "logs");

    /// <summary>A service's own folder.</summary>
    public string DataPathOf(string service) => Path.Combine(DataPath, service);
}
