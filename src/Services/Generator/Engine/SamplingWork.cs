using Rlhf.LanguageModels.Sampling;
using Rlhf.LanguageModels.Sampling.Batching;

namespace Rlhf.Generator.Engine;

/// <summary>Responses to be drawn.</summary>
internal sealed class SamplingWork(VersionFiles version, IReadOnlyList<SampleRequest> requests, CancellationToken cancellationToken)
    : GenerationWork(version, cancellationToken)
{
    private readonly SampledSequence[] _sampled = new SampledSequence[requests.Count];
    private readonly TaskCompletionSource<IReadOnlyList<SampledSequence>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<IReadOnlyList<SampledSequence>> Completion => _completion.Task;

    protected override void Begin(RunningBatch batch, CancellationToken abandoned)
    {
        Expect(requests.Count);
        foreach (var (index, request) in requests.Index())
        {
            batch.Add(request, listener: null, response => Finish(index, response), abandoned);
        }
    }

    protected override void Complete(Exception? exception)
    {
        if (exception is null)
        {
            _completion.TrySetResult(_sampled);
        }
        else
        {
            _completion.TrySetException(exception);
        }
    }

    private void Finish(int index, SampledSequence response)
    {
        _sampled[index] = response;
        FinishPart();
    }
}
