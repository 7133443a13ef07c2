using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>Draws one token a row. A row's draw depends on its own logits, settings and position only.</summary>
internal static class TokenDraw
{
    /// <param name="logits">[B, V].</param>
    /// <param name="settings">One a row.</param>
    /// <param name="positions">How many tokens each row has drawn before.</param>
    /// <returns>Token and log-probability of each row.</returns>
    public static (long[] Tokens, float[] Logprobs) Draw(Tensor logits, IReadOnlyList<SamplingSettings> settings, IReadOnlyList<int> positions)
    {
        using var scope = NewDisposeScope();
        var temperatures = Column(settings.Select(s => s.Temperature == 0 ? 1f : (float)s.Temperature), logits); // [B, 1]
        var logprobs = nn.functional.log_softmax(logits.to(float32) / temperatures, -1); // [B, V]
        var tokens = Inverse(logprobs.exp(), Column(settings.Zip(positions, (s, p) => Uniform(s.Seed, p)), logits)); // [B, 1]
        if (settings.Any(s => s.TopP < 1))
        {
            var isTruncated = Column(settings.Select(s => s.TopP < 1 ? 1f : 0f), logits).to(@bool); // [B, 1]
            tokens = where(isTruncated, DrawFromNucleus(logprobs, settings, positions), tokens); // [B, 1]
        }

        if (settings.Any(s => s.Temperature == 0))
        {
            var isGreedy = Column(settings.Select(s => s.Temperature == 0 ? 1f : 0f), logits).to(@bool); // [B, 1]
            tokens = where(isGreedy, logprobs.argmax(-1, keepdim: true), tokens); // [B, 1]
        }

        return (tokens.cpu().data<long>().ToArray(), logprobs.gather(1, tokens).cpu().data<float>().ToArray());
    }

    // Probabilities in falling order, up to the first whose sum reaches top-p.
    private static Tensor DrawFromNucleus(Tensor logprobs, IReadOnlyList<SamplingSettings> settings, IReadOnlyList<int> positions)
    {
        var (sorted, order) = logprobs.exp().sort(-1, descending: true); // [B, V] both
        var topP = Column(settings.Select(s => (float)s.TopP), logprobs); // [B, 1]
        var kept = sorted * (sorted.cumsum(-1) - sorted < topP); // [B, V]
        var rank = Inverse(kept, Column(settings.Zip(positions, (s, p) => Uniform(s.Seed, p)), logprobs)); // [B, 1]
        return order.gather(1, rank); // [B, 1]
    }

    // The first index at which the cumulated probability reaches uniform · total: never one of probability 0.
    private static Tensor Inverse(Tensor probabilities, Tensor uniform)
    {
        var cumulated = probabilities.cumsum(-1, float64); // [B, V]
        var total = cumulated.narrow(1, cumulated.shape[1] - 1, 1); // [B, 1]
        return (cumulated < uniform * total).sum(-1, keepdim: true).clamp_max_(cumulated.shape[1] - 1); // [B, 1]
    }

    private static Tensor Column(IEnumerable<float> values, Tensor like) => tensor(values.ToArray()).to(like.device).unsqueeze(1);

    private static Tensor Column(IEnumerable<double> values, Tensor like) => tensor(values.ToArray()).to(like.device).unsqueeze(1);

    /// <summary>Counter-based: SplitMix64 (Steele et al. 2014) of seed and position, as a number strictly between 0 and 1.</summary>
    public static double Uniform(ulong seed, int position)
    {
        var z = Mix(Mix(seed + 0x9E3779B97F4A7C15) + ((ulong)position * 0x9E3779B97F4A7C15));
        return ((z >> 12) + 0.5) / (1UL << 52);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
