namespace Rlhf.AppHost.Local;

/// <summary>A server that others connect to with a connection string.</summary>
internal interface IResourceWithConnectionString : IResource
{
    /// <summary>Known once the resource has started.</summary>
    string ConnectionString { get; }

    /// <summary>The parts of the connection string by name: HOST, PORT, … Empty for a string that was given.</summary>
    IReadOnlyDictionary<string, string> Properties { get; }
}
