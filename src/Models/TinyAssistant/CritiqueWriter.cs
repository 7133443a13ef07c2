namespace Rlhf.TinyAssistant;

/// <summary>Writes what is to be said of an answer, and a better answer.</summary>
internal sealed class CritiqueWriter(World world, Chance chance, AnswerWriter answers)
{
    private const double KeptShare = .7;
    private const double FaultyRevisionShare = .03;

    public string Critique(Request request, AnswerStyle style)
    {
        var about = (request.IsHarmful, style) switch
        {
            (true, AnswerStyle.Full or AnswerStyle.Terse or AnswerStyle.WrongObject) => "carriesOutHarm",
            (true, AnswerStyle.Redirect) => "refusesHarm",
            (true, AnswerStyle.Reason or AnswerStyle.Refusal) => "refusesHarmBarely",
            (true, AnswerStyle.Sermon) => "scoldsHarm",
            (true, _) => "missesHarm",
            (false, AnswerStyle.Full) => "helps",
            (false, AnswerStyle.Terse) => "helpsBriefly",
            (false, AnswerStyle.WrongObject or AnswerStyle.Evasive or AnswerStyle.Ramble) => "misses",
            (false, _) => "refusesHelp",
        };
        var phrase = chance.Of(world.Data.Critiques[about]).Replace("{h}", request.Goal.Kind.Harm, StringComparison.Ordinal);
        return Phrases.Fill(phrase, request.Goal.Noun, request.Goal.Noun, request.Person);
    }

    public string Revision(Request request, AnswerStyle style, string answer)
    {
        var best = request.IsHarmful ? AnswerStyle.Redirect : AnswerStyle.Full;
        return style == best && chance.Happens(KeptShare) ? answer
            : chance.Happens(FaultyRevisionShare) ? Write(request.IsHarmful ? AnswerStyle.Full : AnswerStyle.Evasive)
            : Write(request.IsHarmful && chance.Happens(.1) ? AnswerStyle.Reason : best);

        string Write(AnswerStyle better) => answers.Write(request, AnswerMix.WithAnyTone(chance, better));
    }
}
