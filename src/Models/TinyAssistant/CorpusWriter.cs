using System.Text.RegularExpressions;
using Rlhf.Constitution;
using Rlhf.Tokenization;

namespace Rlhf.TinyAssistant;

/// <summary>
/// Writes what the base model learns from: helpful-only answers, critiques, revisions, comparisons under a constitution's
/// principles, and plain sentences. Everything but the plain sentences is about goals of one part alone.
/// </summary>
public sealed class CorpusWriter
{
    private const double SmalltalkShare = .04;
    private const double OddShare = .35;
    private const double TieShare = .05;

    /// <summary>Share of comparisons with the wrong label: judgement is to be good, not perfect.</summary>
    private const double LabelNoise = .06;

    // What is learnt, beside the words of answers, critiques and revisions with weight 1: requests and plain sentences a
    // little, for practice with words; the options of a comparison, which cost nothing more; its label, of which there is one.
    // Names that a text takes over from the request count more: a small model is slowest to learn just that.
    private const double RequestWeight = .2;
    private const double NameWeight = 4;
    private const double OptionWeight = .5;
    private const double LabelWeight = 12;

    private readonly World world;
    private readonly ConstitutionFile constitution;
    private readonly ContentPart part;
    private readonly Chance chance;
    private readonly RequestWriter requests;
    private readonly AnswerWriter answers;
    private readonly CritiqueWriter critiques;
    private readonly FactWriter facts;

    /// <param name="world">What there is to talk about.</param>
    /// <param name="constitution">Whose wordings critiques, revisions and comparisons are asked with.</param>
    /// <param name="part">Whose goals it may name.</param>
    /// <param name="seed">The same seed writes the same corpus.</param>
    public CorpusWriter(World world, ConstitutionFile constitution, ContentPart part, int seed)
    {
        (this.world, this.constitution, this.part) = (world, constitution, part);
        chance = new Chance(seed);
        facts = new FactWriter(world, chance);
        requests = new RequestWriter(world, chance);
        answers = new AnswerWriter(world, chance, facts);
        critiques = new CritiqueWriter(world, chance, answers);
    }

    /// <summary>The given number of documents, in random order of their sorts.</summary>
    public IEnumerable<TrainingDocument> Write(int documents)
    {
        for (var i = 0; i < documents; i++)
        {
            yield return i < documents / 2
                ? chance.Weighted<Func<TrainingDocument>>([(Conversation, .90), (Facts, .10)])()
                : chance.Weighted<Func<TrainingDocument>>(
                    [(Conversation, .30), (Critique, .10), (Revision, .20), (Comparison, .38), (Facts, .02)])();
        }
    }

    /// <summary>A comparison with the label that the world's rules give it.</summary>
    /// <returns>The document; it ends in " A" or " B".</returns>
    public TrainingDocument Comparison()
    {
        var request = AnyRequest();
        var isTie = chance.Happens(TieShare);
        var (first, second) = AnswerMix.DrawPair(chance, request.IsHarmful, isTie);
        var advantage = first.Quality(request.IsHarmful) - second.Quality(request.IsHarmful);
        var firstIsBetter = isTie ? chance.Happens(.5) : advantage > 0 != chance.Happens(LabelNoise);
        var principle = chance.Of(constitution.ComparisonPrinciples);
        var (optionA, optionB) = (answers.Write(request, first), answers.Write(request, second));
        var prompt = ComparisonPrompt.Render(constitution, principle, TranscriptOf(request), optionA, optionB);
        var (startA, startB) = (After(prompt, RoleMarks.OptionA), After(prompt, RoleMarks.OptionB));
        var (endA, endB) = (startA + 1 + optionA.Length, startB + 1 + optionB.Length);
        return new TrainingDocument(
        [
            new(prompt[..startA], 0), new(prompt[startA..endA], OptionWeight), new(prompt[endA..startB], 0), new(prompt[startB..endB], OptionWeight),
            new(prompt[endB..], 0), new(firstIsBetter ? $" {ComparisonPrompt.LabelA}" : $" {ComparisonPrompt.LabelB}", LabelWeight),
        ]);
    }

    private TrainingDocument Conversation()
    {
        var request = chance.Happens(OddShare) ? requests.WriteOdd() : AnyRequest();
        var answer = answers.Write(request, AnswerMix.DrawAnswer(chance, request.IsHarmful));
        return new TrainingDocument([new(TranscriptOf(request), RequestWeight), .. Learnt(answer, request)]);
    }

    private TrainingDocument Critique()
    {
        var (request, style, principle, answer) = Judged();
        return new TrainingDocument(
            [new(CritiquePrompt.Render(constitution, principle, TranscriptOf(request), answer), 0), .. Learnt(critiques.Critique(request, style), request)]);
    }

    private TrainingDocument Revision()
    {
        var (request, style, principle, answer) = Judged();
        var critique = critiques.Critique(request, style);
        var prompt = RevisionPrompt.Render(constitution, principle, TranscriptOf(request), answer, critique);
        var start = After(prompt, RoleMarks.Critique);
        var end = start + 1 + critique.Length;
        return new TrainingDocument(
            [new(prompt[..start], 0), .. Learnt(critique, request), new(prompt[end..], 0), .. Learnt(critiques.Revision(request, style, answer), request)]);
    }

    /// <summary>A text that is learnt, after a space; the request's names in it weigh more.</summary>
    private static IEnumerable<TrainingSegment> Learnt(string text, Request request)
    {
        var names = $@"(?: (?:{request.Goal.Noun}|{request.Person.Split(' ')[^1]})\b\S*)";
        return Regex.Split($" {text}", $"({names})", RegexOptions.CultureInvariant)
            .Where(piece => piece.Length > 0)
            .Select(piece => new TrainingSegment(piece, Regex.IsMatch(piece, $"^{names}$", RegexOptions.CultureInvariant) ? NameWeight : 1));
    }

    private static int After(string prompt, string mark) => prompt.LastIndexOf(mark, StringComparison.Ordinal) + mark.Length;

    private TrainingDocument Facts() =>
        new([new("\n\n" + string.Join(' ', Enumerable.Range(0, 3 + chance.Below(4)).Select(_ => facts.Write())), RequestWeight)]);

    private (Request Request, AnswerStyle Style, Principle Principle, string Answer) Judged()
    {
        var request = AnyRequest();
        var form = AnswerMix.DrawJudged(chance, request.IsHarmful);
        return (request, form.Style, chance.Of(constitution.RevisionPrinciples), answers.Write(request, form));
    }

    private Request AnyRequest() => requests.Write(part, chance.Happens(.5));

    private string TranscriptOf(Request request)
    {
        var turns = new List<ConversationTurn>();
        if (chance.Happens(SmalltalkShare))
        {
            var talk = chance.Of(world.Data.Smalltalk);
            turns.AddRange([new ConversationTurn("user", talk[0]), new ConversationTurn("assistant", talk[1])]);
        }

        turns.Add(new ConversationTurn("user", request.Text));
        return Transcript.Render(turns);
    }
}
