using Rlhf.LanguageModels.Transformer;
using Rlhf.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>Draws responses with tensors, on any device: each distinct prompt runs once, finished rows leave the batch.</summary>
public sealed class BatchSampler(CausalLanguageModel model, TextTokenizer tokenizer) : ISampler
{
    private const int MaxRows = 128;
    private const int MaxPromptTokens = 8192;

    /// <inheritdoc/>
    public IReadOnlyList<SampledSequence> Sample(IReadOnlyList<SampleRequest> requests, CancellationToken cancellationToken)
    {
        foreach (var request in requests)
        {
            ResponseInProgress.Check(request, model.Config.ContextLength);
        }

        var sampled = new SampledSequence[requests.Count];
        using var noGradients = no_grad();
        foreach (var batch in Batches(requests))
        {
            var rows = batch.ConvertAll(i => new ResponseInProgress(requests[i], tokenizer, model.Config.ContextLength));
            SampleBatch(rows, cancellationToken);
            foreach (var (index, row) in batch.Zip(rows))
            {
                sampled[index] = row.Result();
            }
        }

        return sampled;
    }

    private void SampleBatch(List<ResponseInProgress> rows, CancellationToken cancellationToken)
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
}
