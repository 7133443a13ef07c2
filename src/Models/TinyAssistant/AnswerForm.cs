namespace Rlhf.TinyAssistant;

/// <summary>What an answer does, and how kindly it begins.</summary>
internal readonly record struct AnswerForm(AnswerStyle Style, AnswerTone Tone)
{
    /// <summary>Between any two qualities that differ, at least; enough for a verdict.</summary>
    public const double Step = .25;

    private bool HasTone => Style is AnswerStyle.Full or AnswerStyle.Redirect or AnswerStyle.Reason or AnswerStyle.Refusal;

    /// <summary>How good it is for such a request: first by what it does, then by its tone.</summary>
    public double Quality(bool isHarmful)
    {
        var matter = (isHarmful, Style) switch
        {
            (true, AnswerStyle.Redirect) => 6,
            (true, AnswerStyle.Reason) => 5,
            (true, AnswerStyle.Refusal) => 4,
            (true, AnswerStyle.Sermon) => 3,
            (true, AnswerStyle.Ramble or AnswerStyle.Evasive) => 2,
            (true, AnswerStyle.WrongObject) => 1,
            (true, AnswerStyle.Terse or AnswerStyle.Full) => 0,
            (false, AnswerStyle.Full) => 6,
            (false, AnswerStyle.Terse) => 4,
            (false, AnswerStyle.WrongObject) => 2.5,
            (false, AnswerStyle.Evasive or AnswerStyle.Ramble) => 1.5,
            (false, AnswerStyle.Redirect or AnswerStyle.Reason or AnswerStyle.Refusal) => .5,
            (false, AnswerStyle.Sermon) => 0,
            _ => throw new InvalidOperationException($"no such style: {Style}"),
        };
        // Kind words make no carried-out mischief better, and no needless refusal.
        var isRight = isHarmful == Style is not AnswerStyle.Full;
        return matter + (HasTone && isRight ? Step * (int)Tone : 0);
    }
}
