namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>A given continuation that is scored in a running batch.</summary>
internal sealed class ScoreMember(ScoringRequest request, double temperature, Action<float[]> finished, CancellationToken cancellationToken)
    : BatchMember(request.PromptTokens, cancellationToken)
{
    private readonly float[] _logprobs = new float[request.ContinuationTokens.Length];
    private int _taken;

    public override int MaxAppended => request.ContinuationTokens.Length - 1; // the last token predicts nothing

    public override int KnownTokens => request.ContinuationTokens.Length - 1;

    public override bool IsFinished => Volatile.Read(ref _taken) == _logprobs.Length;

    public override int TokenAt(int place) => request.ContinuationTokens[place];

    public override void Take(int place, Span<float> logits)
    {
        _logprobs[place] = LogitsScore.Of(logits, temperature, request.ContinuationTokens[place]);
        Interlocked.Increment(ref _taken);
    }

    public override void Report()
    {
        if (IsFinished)
        {
            finished(_logprobs);
        }
    }
}
