using Rlhf.LanguageModels.Sampling;
using Rlhf.LanguageModels.Sampling.Batching;

namespace Rlhf.Generator.Engine;

/// <summary>A given continuation to be scored.</summary>
internal sealed class ScoringWork(VersionFiles version, ScoringRequest request, double temperature, CancellationToken cancellationToken)
    : GenerationWork(version, cancellationToken)
{
    private readonly TaskCompletionSource<float[]> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private float[] _logprobs = [];

    public Task<float[]> Completion => _completion.Task;

    protected override void Begin(RunningBatch batch, CancellationToken abandoned)
    {
        Expect(1);
        batch.Add(request, temperature, Finish, abandoned);
    }

    protected override void Complete(Exception? exception)
    {
        if (exception is null)
        {
            _completion.TrySetResult(_logprobs);
        }
        else
        {
            _completion.TrySetException(exception);
        }
    }

    private void Finish(float[] logprobs)
    {
        _logprobs = logprobs;
        FinishPart();
    }
}
