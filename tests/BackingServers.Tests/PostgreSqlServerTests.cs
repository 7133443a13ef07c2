using Npgsql;

namespace Rlhf.BackingServers.Tests;

public sealed class PostgreSqlServerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_row_written_is_read_back_and_text_sorts_by_code_point(bool useInstalled)
    {
        await using var server = await PostgreSqlServer.StartAsync(new BackingServerOptions { UseInstalled = useInstalled }, Cancellation);
        await using var source = NpgsqlDataSource.Create(server.ConnectionStringOf("postgres"));
        await ExecuteAsync(source, "CREATE TABLE letters (text text); INSERT INTO letters VALUES ('é'), ('b'), ('B'), ('_')");

        var read = new List<string>();
        await using var command = source.CreateCommand("SELECT text FROM letters ORDER BY text");
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        while (await reader.ReadAsync(Cancellation))
        {
            read.Add(reader.GetString(0));
        }

        Assert.Equal(["B", "_", "b", "é"], read);
    }

    [Fact]
    public async Task A_stranger_without_the_password_is_turned_away()
    {
        await using var server = await PostgreSqlServer.StartAsync(new BackingServerOptions(), Cancellation);
        var strangers = server.ConnectionStringOf("postgres").Replace(server.Password, "guess", StringComparison.Ordinal);
        await using var source = NpgsqlDataSource.Create(strangers);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => source.OpenConnectionAsync(Cancellation).AsTask());

        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_committed_row_outlives_its_server_in_a_chosen_folder(bool isKilled)
    {
        var folder = Directory.CreateTempSubdirectory("rlhf-test-");
        try
        {
            var options = new BackingServerOptions { DataFolder = folder.FullName };
            await using (var first = await PostgreSqlServer.StartAsync(options, Cancellation))
            {
                await using var writing = NpgsqlDataSource.Create(first.ConnectionStringOf("postgres"));
                await ExecuteAsync(writing, "CREATE TABLE letters (text text); INSERT INTO letters VALUES ('hello')");
                if (isKilled)
                {
                    await first.KillAsync();
                }
            }

            await using var second = await PostgreSqlServer.StartAsync(options, Cancellation);
            await using var reading = NpgsqlDataSource.Create(second.ConnectionStringOf("postgres"));
            await using var command = reading.CreateCommand("SELECT text FROM letters");
            Assert.Equal("hello", await command.ExecuteScalarAsync(Cancellation));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Disposal_with_a_client_connected_ends_the_process_and_removes_its_files()
    {
        var server = await PostgreSqlServer.StartAsync(new BackingServerOptions(), Cancellation);
        await using var source = NpgsqlDataSource.Create(server.ConnectionStringOf("postgres"));
        await using var connection = await source.OpenConnectionAsync(Cancellation);
        await using var command = new NpgsqlCommand("SHOW data_directory", connection);
        var folder = Assert.IsType<string>(await command.ExecuteScalarAsync(Cancellation));
        Assert.True(Directory.Exists(folder));

        await server.DisposeAsync();

        Assert.Equal(0, await server.Exited); // in order, not killed
        Assert.False(Directory.Exists($"/proc/{server.ProcessId}"));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_chosen_port_that_is_taken_is_said_in_one_sentence()
    {
        await using var first = await PostgreSqlServer.StartAsync(new BackingServerOptions(), Cancellation);

        var error = await Assert.ThrowsAsync<BackingServerException>(
            () => PostgreSqlServer.StartAsync(new BackingServerOptions { Port = first.Port }, Cancellation));

        Assert.Contains("in use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_no_other_user_can_reach_is_refused_where_root_would_need_one()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root starts PostgreSQL as another user.");
        var closed = Directory.CreateTempSubdirectory("rlhf-test-");
        try
        {
            var error = await Assert.ThrowsAsync<BackingServerException>(() => PostgreSqlServer.StartAsync(
                new BackingServerOptions { DataFolder = Path.Combine(closed.FullName, "data") }, Cancellation));

            Assert.Contains("start this as an ordinary user", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            closed.Delete(recursive: true);
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
