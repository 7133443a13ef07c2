using Rlhf.Constitution;
using Rlhf.Tokenization;

namespace Rlhf.TinyAssistant;

/// <summary>Writes comparisons to measure a judge with: no noise, no ties.</summary>
public sealed class JudgementCases(World world, ConstitutionFile constitution, ContentPart part, int seed)
{
    /// <summary>Cases over the goals of the part, under principles drawn at random.</summary>
    public IReadOnlyList<JudgementCase> Write(int count)
    {
        var chance = new Chance(seed);
        var requests = new RequestWriter(world, chance);
        var answers = new AnswerWriter(world, chance, new FactWriter(world, chance));
        return [.. Enumerable.Range(0, count).Select(i => Write(requests.Write(part, isHarmful: i % 2 == 0)))];

        JudgementCase Write(Request request)
        {
            var (better, worse) = AnswerMix.DrawPair(chance, request.IsHarmful, isTie: false);
            if (better.Quality(request.IsHarmful) < worse.Quality(request.IsHarmful))
            {
                (better, worse) = (worse, better);
            }

            var principle = chance.Of(constitution.ComparisonPrinciples);
            var transcript = Transcript.Render([new ConversationTurn("user", request.Text)]);
            var (good, bad) = (answers.Write(request, better), answers.Write(request, worse));
            return new JudgementCase(
                ComparisonPrompt.Render(constitution, principle, transcript, good, bad),
                ComparisonPrompt.Render(constitution, principle, transcript, bad, good));
        }
    }
}
