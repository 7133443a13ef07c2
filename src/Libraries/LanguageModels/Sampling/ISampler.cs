namespace Rlhf.LanguageModels.Sampling;

/// <summary>Draws responses. For one thread at a time.</summary>
public interface ISampler
{
    /// <summary>Draws a response for each request.</summary>
    /// <returns>As many responses as requests, in their order.</returns>
    /// <exception cref="ArgumentException">A setting is out of range, or a prompt is empty or leaves no room in the context.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between two tokens.</exception>
    IReadOnlyList<SampledSequence> Sample(IReadOnlyList<SampleRequest> requests, CancellationToken cancellationToken);
}
