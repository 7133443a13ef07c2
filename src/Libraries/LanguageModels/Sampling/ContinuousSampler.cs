using Rlhf.LanguageModels.Decoding;
using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>
/// Draws responses on the processor. Each distinct prompt runs once; a response joins the batch as soon as there is room, and
/// leaves it with its last token (Yu et al. 2022, "Orca").
/// </summary>
public sealed class ContinuousSampler(DecodingModel model, TextTokenizer tokenizer) : ISampler
{
    // Past this, products are bound by arithmetic, and more rows only take more memory.
    private const int MaxResponses = 96;

    /// <inheritdoc/>
    public IReadOnlyList<SampledSequence> Sample(IReadOnlyList<SampleRequest> requests, CancellationToken cancellationToken)
    {
        foreach (var request in requests)
        {
            ResponseInProgress.Check(request, model.Config.ContextLength);
        }

        var sampled = new SampledSequence[requests.Count];
        var waiting = new Queue<Prompt>(requests.Index()
            .Select(request => new ResponseInProgress(request.Index, request.Item, tokenizer, model.Config.ContextLength))
            .GroupBy(response => response.Request.PromptTokens, TokensComparer.Instance)
            .Select(group => new Prompt(group.Key, new Queue<ResponseInProgress>(group))));
        var running = new List<Running>();
        try
        {
            while (waiting.Count + running.Count > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Step(waiting, running);
                foreach (var done in running.Where(row => row.Response.IsFinished))
                {
                    sampled[done.Response.Index] = done.Response.Result();
                    done.Sequence.Dispose();
                }

                running.RemoveAll(row => row.Response.IsFinished);
            }
        }
        finally
        {
            running.ForEach(row => row.Sequence.Dispose());
            foreach (var prompt in waiting)
            {
                prompt.Sequence?.Dispose();
            }
        }

        return sampled;
    }

    private void Step(Queue<Prompt> waiting, List<Running> running)
    {
        var rows = running.ConvertAll(row => new DecodingRow(row.Sequence, row.Response.Last, IsAsked: true));
        var complete = 0; // prompts whose last token is in this step
        var responses = running.Count;
        foreach (var prompt in waiting)
        {
            if (responses >= MaxResponses || rows.Count >= DecodingModel.MaxRows)
            {
                break;
            }

            prompt.Sequence ??= model.NewSequence();
            if (!prompt.IsDone)
            {
                var count = Math.Min(prompt.Tokens.Length - prompt.Sequence.Length, DecodingModel.MaxRows - rows.Count);
                var first = prompt.Sequence.Length;
                for (var i = first; i < first + count; i++)
                {
                    rows.Add(new DecodingRow(prompt.Sequence, prompt.Tokens[i], IsAsked: i == prompt.Tokens.Length - 1));
                }

                complete += first + count == prompt.Tokens.Length ? 1 : 0;
            }

            responses += prompt.Responses.Count;
        }

        var drawing = running.Count;
        if (rows.Count > 0)
        {
            model.Append(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows));
            model.OnAllThreads((worker, workers) =>
            {
                for (var i = worker; i < drawing; i += workers)
                {
                    Draw(running[i].Response, model.Logits(i));
                }
            });
            foreach (var (index, prompt) in waiting.Where(prompt => !prompt.IsDone).Take(complete).ToList().Index())
            {
                prompt.Logits = model.Logits(drawing + index).ToArray();
            }
        }

        Begin(waiting, running);
    }

    // A prompt's responses begin with its logits; those for which there is no room yet wait with it.
    private static void Begin(Queue<Prompt> waiting, List<Running> running)
    {
        var scratch = Array.Empty<float>();
        while (running.Count < MaxResponses && waiting.TryPeek(out var prompt) && prompt is { Logits: { } logits, Sequence: { } sequence })
        {
            Array.Resize(ref scratch, logits.Length);
            while (running.Count < MaxResponses && prompt.Responses.TryDequeue(out var response))
            {
                logits.CopyTo(scratch, 0);
                Draw(response, scratch);
                running.Add(new Running(response, sequence.Fork()));
            }

            if (prompt.Responses.Count == 0)
            {
                sequence.Dispose();
                waiting.Dequeue();
            }
        }
    }

    private static void Draw(ResponseInProgress response, Span<float> logits)
    {
        var (token, logprob) = LogitsDraw.Draw(logits, response.Request.Settings, response.Count);
        response.Add(token, logprob);
    }

    private sealed record Running(ResponseInProgress Response, DecodingSequence Sequence);

    private sealed class Prompt(int[] tokens, Queue<ResponseInProgress> responses)
    {
        public int[] Tokens => tokens;

        public Queue<ResponseInProgress> Responses => responses;

        public DecodingSequence? Sequence { get; set; }

        /// <summary>After its last token; null until that has run.</summary>
        public float[]? Logits { get; set; }

        public bool IsDone => Logits is not null;
    }
}
