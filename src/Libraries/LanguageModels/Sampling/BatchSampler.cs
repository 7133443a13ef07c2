using Rlhf.LanguageModels.Transformer;
using Rlhf.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>Draws responses in batches: each distinct prompt runs once, finished rows leave the batch.</summary>
public sealed class BatchSampler(CausalLanguageModel model, TextTokenizer tokenizer)
{
    private const int MaxRows = 128;
    private const int MaxPromptTokens = 8192;

    /// <summary>Draws a response for each request.</summary>
    /// <returns>As many responses as requests, in their order.</returns>
    /// <exception cref="ArgumentException">A setting is out of range, or a prompt is empty or leaves no room in the context.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between two tokens.</exception>
    public IReadOnlyList<SampledSequence> Sample(IReadOnlyList<SampleRequest> requests, CancellationToken cancellationToken)
    {
        foreach (var request in requests)
        {
            request.Settings.Validate();
            if (request.PromptTokens.Length == 0 || request.PromptTokens.Length >= model.Config.ContextLength)
            {
                throw new ArgumentException(
                    $"A prompt has {request.PromptTokens.Length} tokens; 1 to {model.Config.ContextLength - 1} fit the context.", nameof(requests));
            }
        }

        var sampled = new SampledSequence[requests.Count];
        using var noGradients = no_grad();
        foreach (var batch in Batches(requests))
        {
            var rows = batch.ConvertAll(i => new Row(i, requests[i], tokenizer, model.Config.ContextLength));
            SampleBatch(rows, cancellationToken);
            rows.ForEach(r => sampled[r.Index] = r.Result());
        }

        return sampled;
    }

    private void SampleBatch(List<Row> rows, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        var prompts = rows.Select(r => r.Request.PromptTokens).Distinct(TokensComparer.Instance).ToList();
        var capacity = rows.Max(r => r.Request.PromptTokens.Length + r.MaxNewTokens);
        using var cache = new KeyValueCache(model.Config, [.. prompts.Select(p => p.Length)], capacity, model.Type, model.Device);
        using var tokens = new TokenBatch(prompts, model.Device);
        var promptHidden = tokens.LastOf(model.Prefill(tokens.Ids, cache)); // [prompts, C]

        var promptOf = prompts.Index().ToDictionary(p => p.Item, p => p.Index, TokensComparer.Instance);
        var origins = rows.ConvertAll(r => promptOf[r.Request.PromptTokens]);
        cache.Select(origins);
        var hidden = promptHidden.index_select(0, tensor(origins.ConvertAll(o => (long)o)).to(model.Device)); // [B, C]

        var active = rows;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var (drawn, logprobs) = TokenDraw.Draw(
                model.Logits(hidden), active.ConvertAll(r => r.Request.Settings), active.ConvertAll(r => r.Count));
            for (var i = 0; i < active.Count; i++)
            {
                active[i].Add((int)drawn[i], logprobs[i]);
            }

            var kept = Enumerable.Range(0, active.Count).Where(i => !active[i].IsFinished).ToList();
            if (kept.Count == 0)
            {
                return;
            }

            if (kept.Count < active.Count)
            {
                cache.Select(kept);
                active = kept.ConvertAll(i => active[i]);
            }

            hidden = model.Step(tensor(active.ConvertAll(r => (long)r.Last)).to(model.Device), cache).MoveToOuterDisposeScope(); // [B, C]
        }
    }

    // Prompts of like length together; decoding gains from many rows, so length splits nothing by itself.
    private static IEnumerable<List<int>> Batches(IReadOnlyList<SampleRequest> requests)
    {
        var batch = new List<int>();
        foreach (var index in Enumerable.Range(0, requests.Count).OrderBy(i => requests[i].PromptTokens.Length))
        {
            if (batch.Count == MaxRows || (batch.Count > 0 && (batch.Count + 1) * requests[index].PromptTokens.Length > MaxPromptTokens))
            {
                yield return batch;
                batch = [];
            }

            batch.Add(index);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    /// <summary>A response that is being drawn.</summary>
    private sealed class Row(int index, SampleRequest request, TextTokenizer tokenizer, int contextLength)
    {
        private readonly List<int> _tokens = [];
        private readonly List<float> _logprobs = [];
        private FinishKind? _finish;

        public int Index => index;

        public SampleRequest Request => request;

        public int MaxNewTokens { get; } = Math.Min(request.Settings.MaxNewTokens, contextLength - request.PromptTokens.Length);

        public int Count => _tokens.Count;

        public int Last => _tokens[^1];

        public bool IsFinished => _finish is not null;

        public void Add(int token, float logprob)
        {
            _tokens.Add(token);
            _logprobs.Add(logprob);
            _finish = token == tokenizer.EosId ? FinishKind.EndOfSequence
                : StopIndex() >= 0 ? FinishKind.Stop
                : _tokens.Count == MaxNewTokens ? FinishKind.Length
                : null;
        }

        public SampledSequence Result()
        {
            var text = tokenizer.Decode(_tokens);
            var stop = StopIndex();
            return new SampledSequence(
                [.. _tokens], [.. _logprobs], (stop >= 0 ? text[..stop] : text).Trim(), _finish ?? FinishKind.Length);
        }

        private int StopIndex()
        {
            if (request.Settings.Stop.Count == 0)
            {
                return -1;
            }

            var text = tokenizer.Decode(_tokens);
            return request.Settings.Stop.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        }
    }

    private sealed class TokensComparer : IEqualityComparer<int[]>
    {
        public static readonly TokensComparer Instance = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] tokens)
        {
            var hash = default(HashCode);
            foreach (var token in tokens)
            {
                hash.Add(token);
            }

            return hash.ToHashCode();
        }
    }
}
