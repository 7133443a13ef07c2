namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>What goes on from a prompt in a running batch: a response that is drawn, or a continuation that is scored.</summary>
internal abstract class BatchMember(int[] promptTokens, CancellationToken cancellationToken)
{
    public int[] PromptTokens => promptTokens;

    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>The most tokens that it appends to the prompt.</summary>
    public abstract int MaxAppended { get; }

    /// <summary>Tokens behind the prompt that are known by now and are to be appended.</summary>
    public abstract int KnownTokens { get; }

    public abstract bool IsFinished { get; }

    /// <summary>A known token.</summary>
    /// <param name="place">0 is the first one behind the prompt.</param>
    public abstract int TokenAt(int place);

    /// <summary>Takes the logits that predict a place. Any thread; those of one response come in order.</summary>
    /// <param name="place">0 is the first one behind the prompt.</param>
    /// <param name="logits">[V]; overwritten.</param>
    public abstract void Take(int place, Span<float> logits);

    /// <summary>Tells the asker what is new since the last step. The batch's thread only.</summary>
    public abstract void Report();
}
