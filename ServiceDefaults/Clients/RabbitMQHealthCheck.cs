using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Rlhf.ServiceDefaults.Clients;

/// <summary>Healthy while the connection is open.</summary>
internal sealed class RabbitMQHealthCheck(IServiceProvider services) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult(services.GetRequiredService<IConnection>().IsOpen
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, "The connection to RabbitMQ is closed."));
        }
        catch (BrokerUnreachableException exception)
        {
            return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, "RabbitMQ cannot be reached.", exception));
        }
    }
}
