using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;

namespace Rlhf.ServiceDefaults;

/// <summary>Runs a service's program from start to exit code.</summary>
public static class ServiceHost
{
    /// <summary>The exit code of a service that cannot start: bad configuration, a bad model folder, an address in use.</summary>
    public const int StartupFailed = 2;

    /// <summary>
    /// Builds the application, runs it until it is asked to stop, and returns the exit code. A failure to start that the user
    /// can mend (see <see cref="StartupException"/>, invalid options, an address in use) is one line on the error stream,
    /// beginning with <c>error: </c>. With <c>RLHF_PARENT_PID</c> set, the service stops by itself when that process is gone.
    /// </summary>
    /// <param name="args">The program's arguments.</param>
    /// <param name="configure">Adds services, <c>builder.AddServiceDefaults()</c> among them.</param>
    /// <param name="map">Maps endpoints, <c>app.MapDefaultEndpoints()</c> among them.</param>
    public static async Task<int> RunAsync(string[] args, Action<WebApplicationBuilder> configure, Action<WebApplication> map)
    {
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentNullException.ThrowIfNull(map);
        try
        {
            var builder = WebApplication.CreateBuilder(args);
            using var parent = ParentWatch.Start(builder.Configuration);
            configure(builder);
            await using var app = builder.Build();
            parent?.StopGracefully(app.Lifetime);
            map(app);
            try
            {
                await app.RunAsync();
            }
            catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
            {
                // Asked to stop while it was starting.
            }

            return Environment.ExitCode;
        }
        catch (Exception exception) when (StartupMessage(exception) is not null)
        {
            await Console.Error.WriteLineAsync("error: " + StartupMessage(exception)!.ReplaceLineEndings(" "));
            return StartupFailed;
        }
    }

    /// <summary>The sentence for the user, or null when this is not a failure the user can mend.</summary>
    internal static string? StartupMessage(Exception exception) => exception switch
    {
        StartupException => exception.Message,
        OptionsValidationException invalid => string.Join("; ", invalid.Failures),
        // The client's own message names no address, and the connection string has a password in it.
        BrokerUnreachableException => $"RabbitMQ cannot be reached ({exception.GetBaseException().Message}); check that it runs where ConnectionStrings:messaging says.",
        // Kestrel's message names the address.
        IOException { InnerException: AddressInUseException } => exception.Message,
        AggregateException several => several.Flatten().InnerExceptions.Select(StartupMessage).ToList() is var messages && messages.All(static message => message is not null)
            ? string.Join("; ", messages)
            : null,
        _ => null,
    };
}
