using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Rlhf.BackingServers;
using Rlhf.BackingServers.Processes;
using Rlhf.Coordinator.Ledger;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Tests;

/// <summary>What can be wrong with a PostgreSQL is said with its remedy, and one Coordinator writes to it.</summary>
public sealed class PostgreSqlStartTests(PostgreSqlFixture postgres)
{
    private const string Lock = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("nonsense")]
    [InlineData("Host=127.0.0.1;Colour=secret-word")]
    [InlineData("Host=127.0.0.1;Password=secret-word")]
    [InlineData("Database=ledger;Password=secret-word")]
    public void A_connection_string_that_will_not_do_is_refused_without_being_quoted(string connectionString)
    {
        var refusal = Assert.Throws<StartupException>(() => Ledger(connectionString));

        Assert.Contains("Host=…;Port=5432;Database=…", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_said_at_once_and_not_quoted()
    {
        var server = await postgres.ServerAsync();
        var given = new NpgsqlConnectionStringBuilder(await postgres.NewDatabaseAsync()) { Password = "secret-word" }.ConnectionString;

        var refusal = Assert.Throws<StartupException>(Ledger(given, patience: TimeSpan.FromMinutes(5)).Open);

        Assert.Contains("refuses the user or the password", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{server.Port}", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_without_rights_is_told_what_to_grant()
    {
        var server = await postgres.ServerAsync();
        var role = $"role_{Guid.NewGuid():N}";
        await ExecuteAsync(server.ConnectionStringOf("postgres"), $"CREATE ROLE {role} LOGIN PASSWORD 'pw'");
        var given = new NpgsqlConnectionStringBuilder(await postgres.MissingDatabaseAsync()) { Username = role, Password = "pw" }.ConnectionString;

        var refusal = Assert.Throws<StartupException>(Ledger(given, patience: TimeSpan.FromMinutes(5)).Open);

        Assert.Contains("permission denied to create database", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("let the user own the database", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_does_not_answer_is_tried_again_and_then_given_up()
    {
        var given = $"Host=127.0.0.1;Port={TcpPorts.FindFree(1)[0]};Database=ledger;Username=u;Password=p";
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var refusal = Assert.Throws<StartupException>(Ledger(given, patience: TimeSpan.FromSeconds(1)).Open);

        Assert.Contains("check that PostgreSQL runs", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.5, 20);
    }

    [Fact]
    public async Task A_server_that_comes_up_later_is_waited_for()
    {
        var port = TcpPorts.FindFree(1)[0];
        await using var ledger = Ledger($"Host=127.0.0.1;Port={port};Database=ledger;Username={PostgreSqlServer.UserName};Password=pw", patience: TimeSpan.FromMinutes(1));
        var opening = Task.Run(ledger.Open, Cancellation);

        await using var server = await PostgreSqlServer.StartAsync(new BackingServerOptions { Port = port, Password = "pw" }, Cancellation);
        await opening.WaitAsync(Cancellation);

        await using var context = ledger.CreateDbContext();
        Assert.Empty(await context.Runs.ToListAsync(Cancellation));
        await ledger.DisposeAsync();
    }

    [Fact]
    public async Task A_second_Coordinator_is_refused_until_the_first_has_stopped()
    {
        var given = await postgres.NewDatabaseAsync();
        await using var first = Ledger(given);
        await using var second = Ledger(given);
        first.Open();

        Assert.Contains("there can be only one", Assert.Throws<StartupException>(second.Open).Message, StringComparison.Ordinal);
        await first.DisposeAsync();
        second.Open();
    }

    [Fact]
    public async Task A_lock_lost_with_its_connection_is_taken_again_unless_another_was_faster()
    {
        var given = await postgres.NewDatabaseAsync();
        await using var first = Ledger(given);
        await using var second = Ledger(given);
        first.Open();
        await CutLockAsync(given);

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => first.HoldAsync(Cancellation));
        await first.HoldAsync(Cancellation);
        Assert.Throws<StartupException>(second.Open);

        await CutLockAsync(given);
        second.Open();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => first.HoldAsync(Cancellation));
        await Assert.ThrowsAsync<LedgerHeldException>(() => first.HoldAsync(Cancellation));
    }

    [Fact]
    public async Task A_lock_whose_machine_is_gone_is_noticed_before_a_start_gives_up()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads the timers of connections in /proc.");
        var given = await postgres.NewDatabaseAsync();
        await using var first = Ledger(given);
        first.Open();
        await using var source = NpgsqlDataSource.Create(given);
        await using var command = source.CreateCommand($"SELECT client_port FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE {Lock}");
        var clientPort = Assert.IsType<int>(await command.ExecuteScalarAsync(Cancellation));

        // 02 is the timer of keepalives, in hundredths of a second; what the client has not confirmed yet has another one before it.
        var serverPort = (await postgres.ServerAsync()).Port;
        Assert.True(SpinWait.SpinUntil(() => TimerOf(serverPort, clientPort)[0] == "02", TimeSpan.FromSeconds(5)));
        Assert.InRange(Convert.ToInt32(TimerOf(serverPort, clientPort)[1], 16), 0, 1000);
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused_in_one_sentence()
    {
        var given = await postgres.NewDatabaseAsync();
        await using (var ledger = Ledger(given))
        {
            ledger.Open();
        }

        await ExecuteAsync(given, "INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_Later', '99.0')");
        await using var again = Ledger(given);

        Assert.Contains("newer version of this program", Assert.Throws<StartupException>(again.Open).Message, StringComparison.Ordinal);
    }

    private static PostgreSqlLedger Ledger(string connectionString, TimeSpan? patience = null) =>
        new(connectionString, patience ?? TimeSpan.Zero, NullLoggerFactory.Instance);

    /// <summary>The timer of one end of a connection: its kind, and when it is due. Before them are a number, both addresses, the state and the queues.</summary>
    private static string[] TimerOf(int localPort, int remotePort)
    {
        const int Timer = 5;
        var connection = File.ReadLines("/proc/net/tcp").Single(line =>
            line.Contains($":{localPort:X4} ", StringComparison.Ordinal) && line.Contains($":{remotePort:X4} 01 ", StringComparison.Ordinal));
        return connection.Split(' ', StringSplitOptions.RemoveEmptyEntries)[Timer].Split(':');
    }

    private static Task CutLockAsync(string connectionString) =>
        ExecuteAsync(connectionString, $"SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE {Lock}");

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
