namespace Rlhf.AppHost.Local;

/// <summary>A server that somebody else runs.</summary>
internal sealed class ConnectionStringResource(string name, string connectionString) : Resource(name), IResourceWithConnectionString
{
    public string ConnectionString => connectionString;

    public IReadOnlyDictionary<string, string> Properties { get; } = new Dictionary<string, string>();

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override Task StartCoreAsync(Action<string> fail, CancellationToken cancellationToken) => Task.CompletedTask;
}
