using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Ledger;

/// <summary>The ledger in a PostgreSQL database.</summary>
internal sealed partial class PostgreSqlLedger : ILedgerDatabase, IAsyncDisposable
{
    private static readonly TimeSpan _firstWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(5);

    private readonly string _connectionString;
    private readonly string _name;
    private readonly TimeSpan _patience;
    private readonly ILogger _logger;
    private readonly DbContextOptions<PostgreSqlLedgerContext> _options;
    private LedgerLock? _lock;

    /// <summary>Takes the database's connection string.</summary>
    /// <param name="connectionString">For Npgsql, with a database's name.</param>
    /// <param name="patience">For how long a server that can't be reached is tried again, and a database that another holds.</param>
    /// <param name="loggers">Where it is told.</param>
    /// <exception cref="StartupException">It is no such connection string.</exception>
    public PostgreSqlLedger(string connectionString, TimeSpan patience, ILoggerFactory loggers)
    {
        var parts = Parse(connectionString);
        (_connectionString, _patience, _logger) = (connectionString, patience, loggers.CreateLogger<PostgreSqlLedger>());
        _name = FormattableString.Invariant($"the ledger '{parts.Database}' on {parts.Host}:{parts.Port}");
        _options = Configure(new DbContextOptionsBuilder<PostgreSqlLedgerContext>(), connectionString).UseLoggerFactory(loggers).Options;
    }

    /// <summary>Sets the database.</summary>
    public static DbContextOptionsBuilder<PostgreSqlLedgerContext> Configure(
        DbContextOptionsBuilder<PostgreSqlLedgerContext> options, string connectionString) => options.UseNpgsql(connectionString);

    public LedgerContext CreateDbContext() => new PostgreSqlLedgerContext(_options);

    public void Open()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var wait = _firstWait; ; wait = TimeSpan.FromTicks(Math.Min(2 * wait.Ticks, _longestWait.Ticks)))
        {
            try
            {
                OpenOnce();
                return;
            }
            catch (Exception exception) when (CauseOf(exception) is { } cause)
            {
                if (!cause.IsTransient || clock.Elapsed + wait > _patience)
                {
                    throw new StartupException($"{_name} can't be used: {Remedy(cause)}", exception);
                }

                LogUnreachable(_logger, _name, cause.Message, wait.TotalSeconds);
            }
            catch (LedgerHeldException exception) when (clock.Elapsed + wait <= _patience)
            {
                LogUnreachable(_logger, _name, exception.Message, wait.TotalSeconds); // of a process that was killed a moment ago, maybe
            }
            catch (LedgerHeldException exception)
            {
                throw new StartupException($"{_name} can't be used: {exception.Message}", exception);
            }

            Thread.Sleep(wait); // nothing else of this process has begun
        }
    }

    /// <summary>Makes sure that this process still is the one that writes.</summary>
    /// <exception cref="NpgsqlException">The server does not answer.</exception>
    /// <exception cref="LedgerHeldException">It answers again, and another process was faster.</exception>
    public async Task HoldAsync(CancellationToken cancellationToken)
    {
        if (_lock is null)
        {
            _lock = LedgerLock.Take(_connectionString);
            return;
        }

        try
        {
            await _lock.CheckAsync(cancellationToken);
        }
        catch (NpgsqlException)
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets another process write.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _lock, null) is { } held)
        {
            await held.DisposeAsync();
        }
    }

    private void OpenOnce()
    {
        using var context = CreateDbContext();
        var creator = context.GetService<IRelationalDatabaseCreator>();
        if (!creator.Exists())
        {
            creator.Create();
        }

        _lock ??= LedgerLock.Take(_connectionString);
        LedgerSchema.MoveForward(context, _name);
    }

    private static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        const string Form = "give Host=…;Port=5432;Database=…;Username=…;Password=…";
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(connectionString);
            return string.IsNullOrEmpty(parts.Host) || string.IsNullOrEmpty(parts.Database)
                ? throw new StartupException($"ConnectionStrings:ledger names no host or no database; {Form}")
                : parts;
        }
        catch (ArgumentException exception)
        {
            // The message may quote the string, and the string has a password.
            throw new StartupException($"ConnectionStrings:ledger is no connection string of PostgreSQL; {Form}", exception);
        }
    }

    // EF Core wraps what may pass by itself.
    private static NpgsqlException? CauseOf(Exception exception) =>
        exception as NpgsqlException ?? (exception as InvalidOperationException)?.InnerException as NpgsqlException;

    private static string Remedy(NpgsqlException exception) => (exception as PostgresException)?.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            "the server refuses the user or the password; mend them in ConnectionStrings:ledger",
        PostgresErrorCodes.InsufficientPrivilege =>
            $"the user lacks a right ({exception.Message}); let the user own the database: CREATE DATABASE … OWNER …",
        PostgresErrorCodes.TooManyConnections => "the server has no connection left; raise its max_connections",
        null => $"{exception.Message}; check that PostgreSQL runs where ConnectionStrings:ledger says",
        _ => exception.Message,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Ledger} can't be used yet ({Reason}); tried again in {Seconds} s")]
    private static partial void LogUnreachable(ILogger logger, string ledger, string reason, double seconds);
}
