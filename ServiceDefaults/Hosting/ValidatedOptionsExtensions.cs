using Microsoft.Extensions.Options;

namespace Rlhf.ServiceDefaults;

/// <summary>Options that are right or stop the service at its start.</summary>
public static class ValidatedOptionsExtensions
{
    /// <summary>
    /// Binds <typeparamref name="T"/> to a configuration section. Unknown keys, values that don't convert and values that break
    /// a <c>[Required]</c>, <c>[Range]</c> or other annotation fail the start. The value itself can be injected, as
    /// <typeparamref name="T"/> or as <see cref="IOptions{T}"/>.
    /// </summary>
    /// <param name="services">The services to add the options to.</param>
    /// <param name="section">The section's name, for example "Model".</param>
    /// <returns>The options builder, to which further <c>Validate</c> calls can be added.</returns>
    public static OptionsBuilder<T> AddValidatedOptions<T>(this IServiceCollection services, string section)
        where T : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(section);
        services.AddSingleton(static provider => provider.GetRequiredService<IOptions<T>>().Value);
        return services.AddOptions<T>()
            .Configure<IConfiguration>((options, configuration) => Bind(options, configuration.GetSection(section)))
            .ValidateDataAnnotations()
            .ValidateOnStart();
    }

    private static void Bind<T>(T options, IConfigurationSection section)
        where T : class
    {
        try
        {
            section.Bind(options, static binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException exception)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(T), [$"section '{section.Path}': {exception.Message}"]);
        }
    }
}
