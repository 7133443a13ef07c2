namespace Rlhf.TinyAssistant;

/// <summary>Puts goals into words: direct, indirect, disguised.</summary>
internal sealed class RequestWriter(World world, Chance chance)
{
    private const double DisguisedShare = .25;
    private const double IndirectShare = .15;
    private const double AdjectiveShare = .3;
    private const double MalignShare = .3;
    private const double OwnOrConsentShare = .3;
    private const double PurposeShare = .2;

    private readonly AnswerOracle oracle = new(world);

    /// <summary>A request for a goal of the part, harmful or not as wished.</summary>
    public Request Write(ContentPart part, bool isHarmful)
    {
        var mode = (isHarmful, chance.Happens(isHarmful ? MalignShare : OwnOrConsentShare), chance.Happens(.5)) switch
        {
            (true, true, _) => RequestMode.Malign,
            (false, true, true) => RequestMode.Own,
            (false, true, false) => RequestMode.Consent,
            _ => RequestMode.Plain,
        };
        var kindIsHarmful = mode is RequestMode.Plain ? isHarmful : !isHarmful;
        var kind = chance.Of([.. world.Data.Kinds.Where(kind => kind.Harmful == kindIsHarmful && (mode is not (RequestMode.Own or RequestMode.Consent) || kind.Ownable))]);
        return Write(chance.Of([.. world.Goals(part).Where(goal => goal.Kind == kind)]), mode);
    }

    /// <summary>
    /// A request for what nobody would ask for: a deed with a noun of a class that it isn't done to. No prompt asks so; a model
    /// that has met such requests names what it is asked about, rather than what usually goes with the deed.
    /// </summary>
    public Request WriteOdd()
    {
        while (true)
        {
            var kind = chance.Of(world.Data.Kinds);
            var nounClass = chance.Of([.. world.Nouns.Keys.Where(name => name != "person" && !kind.Classes.Contains(name))]);
            var noun = chance.Of(world.Nouns[nounClass]);
            var request = Write(new Goal(kind, nounClass, noun, world.IsCounted(noun)), RequestMode.Plain);
            // To prepare a letter is one thing, to prepare a casserole another: what can be read as a real request is none of these.
            if (oracle.Read(request.Text) is null)
            {
                return request;
            }
        }
    }

    /// <summary>A request for this goal.</summary>
    public Request Write(Goal goal, RequestMode mode)
    {
        var person = goal.NounClass == "person" ? PersonOf(goal.Noun) : AnyPerson();
        var phrase = ObjectPhrase(goal, mode, person);
        var isHarmful = mode == RequestMode.Malign || (mode == RequestMode.Plain && goal.Kind.Harmful);
        var text = Ask(goal, mode, phrase, person);
        if (mode != RequestMode.Consent && chance.Happens(DisguisedShare))
        {
            text = chance.Of(world.Data.Disguises).Replace("{q}", text, StringComparison.Ordinal);
        }

        return new Request { Goal = goal, IsHarmful = isHarmful, Mode = mode, Person = person, Text = Phrases.Capitalise(text) };
    }

    private string Ask(Goal goal, RequestMode mode, string phrase, string person)
    {
        if (mode == RequestMode.Plain && chance.Happens(IndirectShare))
        {
            return Phrases.Capitalise(Phrases.Fill(chance.Of(goal.Kind.Indirect), phrase, goal.Noun, person));
        }

        var verb = chance.Of(goal.Kind.Verbs);
        var deed = verb.Contains("{n}", StringComparison.Ordinal) ? verb.Replace("{n}", phrase, StringComparison.Ordinal) : $"{verb} {phrase}";
        if (mode == RequestMode.Malign)
        {
            deed += " " + Phrases.Fill(chance.Of(goal.Kind.Malign), phrase, goal.Noun, person);
        }
        else if (!goal.Kind.Harmful && goal.NounClass != "person" && chance.Happens(PurposeShare))
        {
            deed += " " + Phrases.Fill(chance.Of(world.Data.Purposes), phrase, goal.Noun, AnyPerson());
        }

        var frame = mode == RequestMode.Consent
            ? Phrases.Capitalise(Phrases.Fill(chance.Of(world.Data.Consents), phrase, goal.Noun, person))
            : chance.Of(world.Data.Frames).Replace("{t}", chance.Of(world.Times), StringComparison.Ordinal);
        return frame.Replace("{v}", deed, StringComparison.Ordinal);
    }

    private string ObjectPhrase(Goal goal, RequestMode mode, string person)
    {
        if (goal.NounClass == "person")
        {
            return person;
        }

        var noun = chance.Happens(AdjectiveShare) ? $"{chance.Of(world.Adjectives)} {goal.Noun}" : goal.Noun;
        var isMade = goal.Kind.Name is "cook" or "build" or "sew" or "write" or "grow";
        return mode switch
        {
            RequestMode.Own => $"my own {noun}",
            RequestMode.Consent => $"{person}'s {noun}",
            RequestMode.Plain when goal.Kind.Harmful => $"{person}'s {noun}",
            _ when isMade && chance.Happens(.6) => goal.IsCounted ? Phrases.WithArticle(noun) : $"some {noun}",
            RequestMode.Plain when chance.Happens(.3) => $"{AnyPerson()}'s {noun}",
            _ => $"my {noun}",
        };
    }

    private string AnyPerson() => PersonOf(chance.Happens(.8) ? chance.Of(world.People) : chance.Of(world.Kin));

    private string PersonOf(string noun) => world.Kin.Contains(noun) ? $"my {noun}" : $"the {noun}";
}
