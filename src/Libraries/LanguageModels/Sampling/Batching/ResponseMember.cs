namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>A response in a running batch.</summary>
internal sealed class ResponseMember(
    ResponseInProgress response, TokenListener? listener, Action<SampledSequence> finished, CancellationToken cancellationToken)
    : BatchMember(response.Request.PromptTokens, cancellationToken)
{
    private DrawnToken? _drawn;

    public override int MaxAppended => response.MaxNewTokens - 1; // the last token that is drawn predicts nothing

    public override int KnownTokens => response.Count;

    public override bool IsFinished => response.IsFinished;

    public override int TokenAt(int place) => response.TokenAt(place);

    public override void Take(int place, Span<float> logits)
    {
        var (token, logprob) = LogitsDraw.Draw(logits, response.Request.Settings, place);
        var text = response.Add(token, logprob);
        if (listener is not null)
        {
            _drawn = new DrawnToken(token, logprob, LogitsDraw.Likeliest(logits, listener.Alternatives), text, response.Finish);
        }
    }

    public override void Report()
    {
        if (_drawn is { } drawn)
        {
            listener?.Hear(drawn);
            _drawn = null;
        }

        if (response.IsFinished)
        {
            finished(response.Result());
        }
    }
}
