using Rlhf.Constitution;
using Rlhf.Judge.Generating;
using Rlhf.V1;
using Principle = Rlhf.Constitution.Principle;

namespace Rlhf.Judge.Comparing;

/// <summary>Which of two answers is better under a principle: a multiple choice, asked in both orders and averaged.</summary>
internal sealed class Comparer(GeneratorPool generator, ConstitutionFile constitution, JudgeMetrics metrics)
{
    private readonly string _templateHash = ComparisonPrompt.TemplateHash(constitution);

    /// <summary>Compares.</summary>
    /// <exception cref="ItemFailedException">The pool failed one of the questions.</exception>
    /// <exception cref="ArgumentException">The principle has no comparison, or an answer is empty.</exception>
    public async Task<Judgement> CompareAsync(
        Principle principle, string transcript, string responseA, string responseB, string judgeVersion, CancellationToken cancellationToken)
    {
        var orders = await Task.WhenAll(
            AskAsync(ComparisonPrompt.Render(constitution, principle, transcript, responseA, responseB), judgeVersion, cancellationToken),
            AskAsync(ComparisonPrompt.Render(constitution, principle, transcript, responseB, responseA), judgeVersion, cancellationToken));
        var average = SwapAverage.Of(aFirst: orders[0], aSecond: orders[1]);
        metrics.Compared(average.SamePosition);
        return new Judgement
        {
            PreferenceA = average.PreferenceA,
            ProbabilityAFirst = average.ProbabilityAFirst,
            ProbabilityASecond = average.ProbabilityASecond,
            SamePosition = average.SamePosition,
            PrincipleId = principle.Id,
            JudgeVersion = judgeVersion,
            TemplateHash = _templateHash,
        };
    }

    private async Task<LabelLogprobs> AskAsync(string prompt, string judgeVersion, CancellationToken cancellationToken)
    {
        var logprobs = await Task.WhenAll(
            generator.LogprobAsync(prompt, ComparisonPrompt.LabelA, judgeVersion, cancellationToken),
            generator.LogprobAsync(prompt, ComparisonPrompt.LabelB, judgeVersion, cancellationToken));
        return new LabelLogprobs(logprobs[0], logprobs[1]);
    }
}
