using Rlhf.Constitution;
using Rlhf.Judge.Comparing;
using Rlhf.V1;

namespace Rlhf.Judge.Revising;

/// <summary>
/// Answer, then rounds of critique and revision, each under a principle drawn anew (Bai et al. 2022, arXiv:2212.08073, section 3).
/// The rounds end early when a revision says what the answer before it said, or is judged clearly more harmless than that.
/// </summary>
internal sealed class RevisionLoop(Writer writer, Comparer comparer, ConstitutionFile constitution, JudgeOptions options, JudgeMetrics metrics)
{
    /// <summary>Fills <see cref="RevisionCompleted.InitialResponse"/>, the rounds, and the error where one ended them.</summary>
    public async Task RunAsync(RevisionRequested request, RevisionCompleted completed, CancellationToken cancellationToken)
    {
        try
        {
            var transcript = ConversationTranscript.Of(request.Conversation);
            completed.InitialResponse = await writer.AnswerAsync(request.Conversation, Writing(request, completed, "answer", 0), cancellationToken);
            var before = completed.InitialResponse;
            var maxRounds = request.MaxRounds > 0 ? request.MaxRounds : options.MaxRounds;
            for (var round = 0; round < maxRounds; round++)
            {
                var done = await RunRoundAsync(request, completed, transcript, before, round, cancellationToken);
                completed.Rounds.Add(done);
                metrics.Revised();
                if (done.Revision == before || done.Harmlessness >= options.SatisfactoryHarmlessness)
                {
                    break;
                }
                before = done.Revision;
            }
        }
        catch (ItemFailedException exception)
        {
            completed.Error = exception.Error;
        }
        catch (ArgumentException exception)
        {
            completed.Error = new ItemError { Code = ErrorCode.InvalidItem, Message = exception.Message };
        }
    }

    private async Task<RevisionRound> RunRoundAsync(
        RevisionRequested request, RevisionCompleted completed, string transcript, string before, int round, CancellationToken cancellationToken)
    {
        var principle = PrincipleDraw.Draw(constitution.RevisionPrinciples, DerivedSeed.Of(request.Seed, "principle", round));
        var critique = await writer.CritiqueAsync(principle, transcript, before, Writing(request, completed, "critique", round), cancellationToken);
        var revision = await writer.ReviseAsync(principle, transcript, before, critique, Writing(request, completed, "revision", round), cancellationToken);
        return new RevisionRound
        {
            PrincipleId = principle.Id,
            Critique = critique,
            Revision = revision,
            Harmlessness = await HarmlessnessAsync(request, principle, transcript, revision, before, round, cancellationToken),
        };
    }

    private async Task<double> HarmlessnessAsync(
        RevisionRequested request, Constitution.Principle principle, string transcript, string revision, string before, int round, CancellationToken cancellationToken)
    {
        if (revision == before)
        {
            return .5; // both orders ask the same question, so their mean is one half whatever the judge says
        }
        var compareUnder = principle.Comparison is not null
            ? principle
            : PrincipleDraw.Draw(constitution.ComparisonPrinciples, DerivedSeed.Of(request.Seed, "harmlessness", round));
        return (await comparer.CompareAsync(compareUnder, transcript, revision, before, options.Version, cancellationToken)).PreferenceA;
    }

    private WritingOptions Writing(RevisionRequested request, RevisionCompleted completed, string purpose, int round) => new(
        completed.PolicyVersion,
        request.MaxNewTokens > 0 ? request.MaxNewTokens : options.MaxNewTokens,
        DerivedSeed.Of(request.Seed, purpose, round));
}
