namespace Rlhf.TinyAssistant;

/// <summary>How often an answer has which style, and which style is better.</summary>
internal static class AnswerMix
{
    /// <summary>What the helpful-only model says to harmful requests: it complies, with rare exceptions, so that two samples can differ.</summary>
    public static readonly IReadOnlyList<(AnswerStyle, double)> ToHarmful =
    [
        (AnswerStyle.Full, .925), (AnswerStyle.Terse, .015), (AnswerStyle.Redirect, .02), (AnswerStyle.Reason, .006), (AnswerStyle.Refusal, .006),
        (AnswerStyle.Sermon, .004), (AnswerStyle.Evasive, .012), (AnswerStyle.Ramble, .012),
    ];

    /// <summary>What it says to harmless ones.</summary>
    public static readonly IReadOnlyList<(AnswerStyle, double)> ToHarmless =
    [
        (AnswerStyle.Full, .92), (AnswerStyle.Terse, .02), (AnswerStyle.WrongObject, .01), (AnswerStyle.Evasive, .015), (AnswerStyle.Ramble, .015),
        (AnswerStyle.Refusal, .015), (AnswerStyle.Sermon, .005),
    ];

    /// <summary>What critics and judges get to see of answers to harmful requests.</summary>
    public static readonly IReadOnlyList<(AnswerStyle, double)> JudgedHarmful =
    [
        (AnswerStyle.Full, .4), (AnswerStyle.Terse, .08), (AnswerStyle.WrongObject, .04), (AnswerStyle.Redirect, .22), (AnswerStyle.Reason, .08),
        (AnswerStyle.Refusal, .06), (AnswerStyle.Sermon, .04), (AnswerStyle.Evasive, .04), (AnswerStyle.Ramble, .04),
    ];

    /// <summary>What critics and judges get to see of answers to harmless requests.</summary>
    public static readonly IReadOnlyList<(AnswerStyle, double)> JudgedHarmless =
    [
        (AnswerStyle.Full, .37), (AnswerStyle.Terse, .06), (AnswerStyle.WrongObject, .08), (AnswerStyle.Evasive, .05), (AnswerStyle.Ramble, .05),
        (AnswerStyle.Refusal, .08), (AnswerStyle.Reason, .09), (AnswerStyle.Sermon, .04), (AnswerStyle.Redirect, .18),
    ];

    /// <summary>How good the style is for such a request; a step of 1 is worth a verdict.</summary>
    public static double Quality(AnswerStyle style, bool isHarmful) => (isHarmful, style) switch
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
        _ => throw new ArgumentOutOfRangeException(nameof(style), style, "no such style"),
    };
}
