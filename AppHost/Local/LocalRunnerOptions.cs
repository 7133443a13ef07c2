namespace Rlhf.AppHost.Local;

/// <summary>How the local runner shows and keeps what its children write.</summary>
internal sealed record LocalRunnerOptions
{
    /// <summary>The section of the configuration it is read from.</summary>
    public const string Section = "LocalRunner";

    /// <summary>The folder with a log file for each child.</summary>
    public string LogsPath { get; init; } = Path.Combine(Path.GetTempPath(), "rlhf-logs");

    /// <summary>The folder for the files of servers. Each start empties those of Redis and RabbitMQ, and goes on with PostgreSQL's.</summary>
    public string ServersPath { get; init; } = Path.Combine(Path.GetTempPath(), "rlhf-servers");

    /// <summary>Shows every line in the terminal, not only warnings and errors.</summary>
    public bool Verbose { get; init; }
}
