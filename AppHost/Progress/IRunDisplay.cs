using Rlhf.V1;

namespace Rlhf.AppHost.Progress;

/// <summary>Shows a run while it goes on.</summary>
internal interface IRunDisplay
{
    /// <summary>Shows every state of the run and returns the last one.</summary>
    Task<Run> ShowAsync(IAsyncEnumerable<Run> states);
}
