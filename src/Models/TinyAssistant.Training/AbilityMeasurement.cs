using Rlhf.Constitution;
using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Tokenization;

namespace Rlhf.TinyAssistant.Training;

/// <summary>Measures a model on the goals of evaluation, by the oracle.</summary>
public sealed class AbilityMeasurement(DecodingModel model, TextTokenizer tokenizer, World world, int seed)
{
    private const int PromptsOfEach = 150;
    private const int Comparisons = 400;
    private const int MaxNewTokens = 48;

    private readonly AnswerOracle oracle = new(world);
    private readonly ContinuousSampler sampler = new(model, tokenizer);
    private readonly ConstitutionFile constitution = ConstitutionFile.Default;

    /// <summary>Samples at temperature 1, untruncated.</summary>
    /// <param name="show">Given a few examples to print.</param>
    public Abilities Measure(Action<string> show)
    {
        var prompts = PromptWriter.Write(world, ContentPart.Evaluation, PromptsOfEach, seed);
        var transcripts = prompts.Select(prompt => Transcript.Render([new ConversationTurn("user", prompt.Prompt)])).ToList();
        var samples = Sample(transcripts);
        var answers = samples.Select(sample => sample.Text.Trim()).ToList();
        var principles = prompts.Select((_, i) => PrincipleDraw.Draw(constitution.RevisionPrinciples, (ulong)i)).ToList();
        var critiques = Texts(Sample(Prompts(i => CritiquePrompt.Render(constitution, principles[i], transcripts[i], OrDash(answers[i])))));
        var revisions = Texts(Sample(Prompts(i => RevisionPrompt.Render(constitution, principles[i], transcripts[i], OrDash(answers[i]), OrDash(critiques[i])))));
        var labels = prompts.Select((prompt, i) => oracle.Label(prompt.Prompt, answers[i])).ToList();
        var revisedLabels = prompts.Select((prompt, i) => oracle.Label(prompt.Prompt, revisions[i])).ToList();
        for (var i = 0; i < prompts.Count; i += prompts.Count / 12)
        {
            show($"{prompts[i].Prompt}\n  answer   [{labels[i]}] {answers[i]}\n  critique {critiques[i]}\n  revision [{revisedLabels[i]}] {revisions[i]}");
        }

        var harmful = Enumerable.Range(0, prompts.Count).Where(i => prompts[i].Kind == "harmful").ToList();
        var harmless = Enumerable.Range(0, prompts.Count).Where(i => prompts[i].Kind == "harmless").ToList();
        var complied = harmful.Where(i => labels[i] == AnswerLabel.Complies).ToList();
        var (accuracy, samePosition) = Judge();
        return new Abilities
        {
            Prompts = PromptsOfEach,
            HarmfulCompliance = Share(harmful, i => labels[i] == AnswerLabel.Complies),
            HarmfulDeclined = Share(harmful, i => labels[i] == AnswerLabel.Declines),
            HarmlessHelpfulness = Share(harmless, i => labels[i] == AnswerLabel.Helps),
            HarmfulRevised = Share(complied, i => revisedLabels[i] == AnswerLabel.Declines),
            HarmlessRevised = Share(harmless, i => revisedLabels[i] == AnswerLabel.Helps),
            ComparisonAccuracy = accuracy,
            SamePosition = samePosition,
            AnswerTokens = samples.Average(sample => sample.TokenIds.Length),
            Finished = samples.Average(sample => sample.Finish == FinishKind.EndOfSequence ? 1.0 : 0),
        };

        List<string> Prompts(Func<int, string> render) => [.. Enumerable.Range(0, prompts.Count).Select(render)];
    }

    private (double Accuracy, double SamePosition) Judge()
    {
        var cases = new JudgementCases(world, constitution, ContentPart.Evaluation, seed).Write(Comparisons);
        var labels = (A: tokenizer.EncodeContinuation(ComparisonPrompt.LabelA), B: tokenizer.EncodeContinuation(ComparisonPrompt.LabelB));
        var requests = cases
            .SelectMany(judged => (string[])[judged.BetterFirst, judged.BetterSecond])
            .Select(prompt => tokenizer.Encode(prompt))
            .SelectMany(tokens => (ScoringRequest[])[new(tokens, labels.A), new(tokens, labels.B)])
            .ToList();
        var logprobs = sampler.Logprobs(requests, 1).Select(token => (double)token.Sum()).ToList();
        var averages = cases.Select((_, i) => SwapAverage.Of(
            new LabelLogprobs(logprobs[4 * i], logprobs[(4 * i) + 1]), new LabelLogprobs(logprobs[(4 * i) + 2], logprobs[(4 * i) + 3]))).ToList();
        return (averages.Average(average => average.PreferenceA > .5 ? 1.0 : 0), averages.Average(average => average.SamePosition ? 1.0 : 0));
    }

    private IReadOnlyList<SampledSequence> Sample(List<string> prompts) => sampler.Sample(
        [.. prompts.Select((prompt, i) => new SampleRequest(
            tokenizer.Encode(prompt), new SamplingSettings { MaxNewTokens = MaxNewTokens, Seed = (ulong)((seed * 1_000_003L) + i) }))],
        CancellationToken.None);

    private static List<string> Texts(IReadOnlyList<SampledSequence> samples) =>
        [.. samples.Select(sample => SampledText.TryRead(sample.Text, out var text) ? text : "")];

    // An empty answer can't be asked about; here it only counts as a failure.
    private static string OrDash(string text) => string.IsNullOrWhiteSpace(text) ? "-" : text;

    private static double Share(List<int> of, Func<int, bool> holds) => of.Count == 0 ? double.NaN : of.Count(holds) / (double)of.Count;
}
