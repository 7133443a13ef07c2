namespace Rlhf.Learner.CommandLine;

/// <summary>Passes what parts of the service would log on to whoever sits at the terminal.</summary>
/// <param name="tell">Gets each sentence.</param>
internal sealed class TellingLogger(Action<string> tell) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            tell(formatter(state, exception));
        }
    }
}
