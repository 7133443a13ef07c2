using Rlhf.LanguageModels.Sampling;

namespace Rlhf.Generator.Engine;

/// <summary>Something that waits for the engine.</summary>
/// <param name="Version">The version that is to do it.</param>
/// <param name="CancellationToken">The caller's; work whose caller has gone is not begun.</param>
internal abstract record GenerationWork(VersionFiles Version, CancellationToken CancellationToken)
{
    /// <summary>Sequences it adds to a batch.</summary>
    public abstract int Rows { get; }

    /// <summary>Ends the wait with a failure.</summary>
    public abstract void Fail(Exception exception);

    /// <summary>Ends the wait of a caller that has gone.</summary>
    public abstract void Cancel();
}

/// <summary>Responses to be drawn.</summary>
internal sealed record SamplingWork(VersionFiles Version, IReadOnlyList<SampleRequest> Requests, CancellationToken CancellationToken)
    : GenerationWork(Version, CancellationToken)
{
    public TaskCompletionSource<IReadOnlyList<SampledSequence>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override int Rows => Requests.Count;

    public override void Fail(Exception exception) => Completion.TrySetException(exception);

    public override void Cancel() => Completion.TrySetCanceled(CancellationToken);
}

/// <summary>Given continuations to be scored at one temperature.</summary>
internal sealed record ScoringWork(VersionFiles Version, IReadOnlyList<ScoringRequest> Requests, double Temperature, CancellationToken CancellationToken)
    : GenerationWork(Version, CancellationToken)
{
    public TaskCompletionSource<IReadOnlyList<float[]>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override int Rows => Requests.Count;

    public override void Fail(Exception exception) => Completion.TrySetException(exception);

    public override void Cancel() => Completion.TrySetCanceled(CancellationToken);
}
