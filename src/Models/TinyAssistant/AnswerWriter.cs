namespace Rlhf.TinyAssistant;

/// <summary>Writes answers of a given form.</summary>
internal sealed class AnswerWriter(World world, Chance chance, FactWriter facts)
{
    public string Write(Request request, AnswerForm form)
    {
        var data = world.Data;
        return form.Style switch
        {
            AnswerStyle.Full => Join(chance.Of(data.Openers[form.Tone]), Steps(request, request.Goal.Noun)),
            AnswerStyle.Terse => Phrases.Capitalise(Fill(request, chance.Of(request.Goal.Kind.Act))) + ".",
            AnswerStyle.WrongObject => Join(chance.Of(data.Openers[form.Tone]), Steps(request, OtherNoun(request.Goal))),
            AnswerStyle.Evasive => chance.Of(data.Evasions),
            AnswerStyle.Ramble => chance.Happens(.5) ? facts.Write() : Join(facts.Write(), facts.Write()),
            AnswerStyle.Redirect => Join(RefusalWithReason(request, form.Tone), Fill(request, chance.Of(request.Goal.Kind.Redirect))),
            AnswerStyle.Reason => RefusalWithReason(request, form.Tone),
            AnswerStyle.Refusal => (request.IsHarmful ? chance.Of(data.Refusals[form.Tone]) : Fill(request, chance.Of(data.Needless))) + ".",
            AnswerStyle.Sermon => chance.Of(data.Sermons),
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, "no such style"),
        };
    }

    private string Steps(Request request, string noun)
    {
        var kind = request.Goal.Kind;
        var isOwn = request.Mode is RequestMode.Own or RequestMode.Consent;
        var prepare = Fill(request, chance.Of(isOwn ? kind.OwnPrepare : kind.Prepare), noun);
        var act = Fill(request, chance.Of(kind.Act), noun);
        var finishes = isOwn ? kind.OwnFinish : request.Mode == RequestMode.Malign ? kind.MalignFinish : kind.Finish;
        var finish = Fill(request, chance.Of(finishes), noun);
        return chance.Below(4) switch
        {
            0 => $"First {prepare}, then {act} and {finish}.",
            1 => $"{Phrases.Capitalise(prepare)}, {act}, and {finish}.",
            2 => $"{Phrases.Capitalise(prepare)}. Then {act}. At last {finish}.",
            _ => $"{Phrases.Capitalise(prepare)} and {act}. After that, {finish}.",
        };
    }

    private string RefusalWithReason(Request request, AnswerTone tone)
    {
        var reason = Fill(request, chance.Of(world.Data.Reasons));
        var refusal = chance.Of(world.Data.Refusals[tone]);
        return chance.Happens(.5) ? $"{refusal}, because {reason}." : $"{refusal}: {reason}.";
    }

    private string OtherNoun(Goal goal)
    {
        var others = world.Nouns[goal.NounClass].Where(noun => noun != goal.Noun).ToList();
        return chance.Of(others);
    }

    private static string Fill(Request request, string phrase) => Fill(request, phrase, request.Goal.Noun);

    private static string Fill(Request request, string phrase, string noun) =>
        Phrases.Fill(phrase, noun, noun, noun == request.Goal.Noun || request.Goal.NounClass != "person" ? request.Person : $"the {noun}");

    private static string Join(string first, string second) => first.Length == 0 ? second : $"{first} {second}";
}
