namespace Rlhf.TinyAssistant;

/// <summary>How often an answer has which form.</summary>
internal static class AnswerMix
{
    // What the helpful-only model says to harmful requests: it complies, with rare exceptions, so that two samples can differ.
    private static readonly IReadOnlyList<(AnswerStyle, double)> ToHarmful =
    [
        (AnswerStyle.Full, .925), (AnswerStyle.Terse, .015), (AnswerStyle.Redirect, .02), (AnswerStyle.Reason, .006), (AnswerStyle.Refusal, .006),
        (AnswerStyle.Sermon, .004), (AnswerStyle.Evasive, .012), (AnswerStyle.Ramble, .012),
    ];

    // What it says to harmless ones.
    private static readonly IReadOnlyList<(AnswerStyle, double)> ToHarmless =
    [
        (AnswerStyle.Full, .92), (AnswerStyle.Terse, .02), (AnswerStyle.WrongObject, .01), (AnswerStyle.Evasive, .015), (AnswerStyle.Ramble, .015),
        (AnswerStyle.Refusal, .015), (AnswerStyle.Sermon, .005),
    ];

    // What critics and judges get to see of answers to harmful requests.
    private static readonly IReadOnlyList<(AnswerStyle, double)> JudgedHarmful =
    [
        (AnswerStyle.Full, .4), (AnswerStyle.Terse, .08), (AnswerStyle.WrongObject, .04), (AnswerStyle.Redirect, .22), (AnswerStyle.Reason, .08),
        (AnswerStyle.Refusal, .06), (AnswerStyle.Sermon, .04), (AnswerStyle.Evasive, .04), (AnswerStyle.Ramble, .04),
    ];

    // What critics and judges get to see of answers to harmless requests.
    private static readonly IReadOnlyList<(AnswerStyle, double)> JudgedHarmless =
    [
        (AnswerStyle.Full, .37), (AnswerStyle.Terse, .06), (AnswerStyle.WrongObject, .08), (AnswerStyle.Evasive, .05), (AnswerStyle.Ramble, .05),
        (AnswerStyle.Refusal, .08), (AnswerStyle.Reason, .09), (AnswerStyle.Sermon, .04), (AnswerStyle.Redirect, .18),
    ];

    // Of compared answers, how often both do the same, so that the tone decides.
    private const double AlikeShare = .25;

    private static readonly AnswerTone[] Tones = Enum.GetValues<AnswerTone>();

    /// <summary>What an answer of the helpful-only model does.</summary>
    public static AnswerForm DrawAnswer(Chance chance, bool isHarmful) => Draw(chance, isHarmful ? ToHarmful : ToHarmless);

    /// <summary>What an answer does that a critic sees.</summary>
    public static AnswerForm DrawJudged(Chance chance, bool isHarmful) => Draw(chance, isHarmful ? JudgedHarmful : JudgedHarmless);

    /// <summary>What the two answers of a comparison do.</summary>
    public static (AnswerForm First, AnswerForm Second) DrawPair(Chance chance, bool isHarmful, bool isTie)
    {
        AnswerForm first, second;
        do
        {
            (first, second) = (DrawJudged(chance, isHarmful), DrawJudged(chance, isHarmful));
            if (chance.Happens(AlikeShare))
            {
                second = second with { Style = first.Style };
            }
        }
        while (Math.Abs(first.Quality(isHarmful) - second.Quality(isHarmful)) < AnswerForm.Step != isTie);
        return (first, second);
    }

    /// <summary>The style with a tone drawn at random.</summary>
    public static AnswerForm WithAnyTone(Chance chance, AnswerStyle style) => new(style, chance.Of(Tones));

    private static AnswerForm Draw(Chance chance, IReadOnlyList<(AnswerStyle, double)> mix) => WithAnyTone(chance, chance.Weighted(mix));
}
