namespace Rlhf.AppHost.Local;

/// <summary>The calls about PostgreSQL, named and shaped as Aspire's.</summary>
internal static class PostgresBuilderExtensions
{
    /// <summary>A PostgreSQL of our own.</summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(this IDistributedApplicationBuilder builder, string name)
        => builder.AddResource(new PostgresServerResource(name, builder.Outputs));

    /// <summary>Keeps the databases from one start to the next; here, they always are.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(this IResourceBuilder<PostgresServerResource> builder) => builder;

    /// <summary>A database of the server, known to services under its own name.</summary>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(this IResourceBuilder<PostgresServerResource> builder, string name)
    {
        var database = new PostgresDatabaseResource(name, builder.Resource);
        database.Dependencies.Add(builder.Resource);
        return builder.ApplicationBuilder.AddResource(database);
    }
}
