using System.Numerics.Tensors;
using Rlhf.LanguageModels.Decoding;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>Log-probabilities of given continuations on the processor; a prompt that several continuations share runs once.</summary>
public sealed class PrefixScorer(DecodingModel model) : IScorer
{
    // Prompts whose keys and values are held at a time.
    private const int MaxPrompts = 64;

    /// <inheritdoc/>
    public IReadOnlyList<float[]> Logprobs(IReadOnlyList<ScoringRequest> requests, double temperature)
    {
        ScoringRequest.Check(requests, temperature, model.Config.ContextLength);
        var scores = requests.Select(request => new float[request.ContinuationTokens.Length]).ToArray();
        foreach (var prompts in requests.Index().GroupBy(request => request.Item.PromptTokens, TokensComparer.Instance).Chunk(MaxPrompts))
        {
            var sequences = prompts.Select(_ => model.NewSequence()).ToList();
            try
            {
                Run([.. prompts.Zip(sequences).SelectMany(prompt => Prompt(prompt.First.Key, [.. prompt.First], prompt.Second))], temperature, scores);
                var continuations = new List<ScoredRow>();
                foreach (var (prompt, prefix) in prompts.Zip(sequences.ToList()))
                {
                    foreach (var (index, request) in prompt.Where(request => request.Item.ContinuationTokens.Length > 1))
                    {
                        var fork = prefix.Fork();
                        sequences.Add(fork);
                        continuations.AddRange(Continuation(index, request, fork));
                    }
                }

                Run(continuations, temperature, scores);
            }
            finally
            {
                sequences.ForEach(sequence => sequence.Dispose());
            }
        }

        return scores;
    }

    // The logits after a prompt's last token predict the first token of each of its continuations.
    private static IEnumerable<ScoredRow> Prompt(int[] tokens, List<(int Index, ScoringRequest Item)> requests, DecodingSequence sequence)
    {
        foreach (var (i, token) in tokens.Index())
        {
            yield return i < tokens.Length - 1
                ? new(new(sequence, token, IsAsked: false), [])
                : new(new(sequence, token, IsAsked: true), [.. requests.Select(request => new Target(request.Index, 0, request.Item.ContinuationTokens[0]))]);
        }
    }

    private static IEnumerable<ScoredRow> Continuation(int index, ScoringRequest request, DecodingSequence sequence) =>
        request.ContinuationTokens.SkipLast(1).Select((token, i) => new ScoredRow(
            new(sequence, token, IsAsked: true), [new(index, i + 1, request.ContinuationTokens[i + 1])]));

    private void Run(List<ScoredRow> rows, double temperature, float[][] scores)
    {
        foreach (var step in rows.Chunk(DecodingModel.MaxRows))
        {
            model.Append(step.Select(row => row.Row).ToArray());
            var asked = step.Where(row => row.Row.IsAsked).ToList();
            model.OnAllThreads((worker, workers) =>
            {
                for (var i = worker; i < asked.Count; i += workers)
                {
                    Score(model.Logits(i), temperature, asked[i].Targets, scores);
                }
            });
        }
    }

    private static void Score(Span<float> logits, double temperature, IReadOnlyList<Target> targets, float[][] scores)
    {
        if (temperature != 1)
        {
            TensorPrimitives.Divide(logits, (float)temperature, logits);
        }

        var largest = TensorPrimitives.Max<float>(logits);
        TensorPrimitives.Subtract(logits, largest, logits);
        foreach (var target in targets)
        {
            scores[target.Request][target.Place] = logits[target.Token];
        }

        TensorPrimitives.Exp(logits, logits);
        var sum = 0.0;
        foreach (var value in logits)
        {
            sum += value;
        }

        foreach (var target in targets)
        {
            scores[target.Request][target.Place] -= (float)Math.Log(sum);
        }
    }

    private readonly record struct Target(int Request, int Place, int Token);

    private sealed record ScoredRow(DecodingRow Row, IReadOnlyList<Target> Targets);
}
