using System.Numerics.Tensors;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>Draws a token from logits.</summary>
internal static class LogitsDraw
{
    /// <summary>Draws one token.</summary>
    /// <param name="logits">[V]; overwritten with the probabilities, up to a factor.</param>
    /// <param name="settings">How.</param>
    /// <param name="position">How many tokens the response has already.</param>
    /// <returns>The token, and its log-probability under the untruncated distribution; NaN where a logit is not a finite number.</returns>
    public static (int Token, float Logprob) Draw(Span<float> logits, SamplingSettings settings, int position)
    {
        if (settings.Temperature is not (0 or 1))
        {
            TensorPrimitives.Divide(logits, (float)settings.Temperature, logits);
        }

        var likeliest = TensorPrimitives.IndexOfMax<float>(logits);
        var largest = logits[likeliest];
        if (!float.IsFinite(largest))
        {
            return (likeliest, float.NaN);
        }

        TensorPrimitives.Subtract(logits, largest, logits);
        var probabilities = logits; // up to a factor
        if (settings.Temperature == 0)
        {
            TensorPrimitives.Exp(logits, probabilities);
            return (likeliest, (float)-Math.Log(Sum(probabilities)));
        }

        TensorPrimitives.Exp(logits, probabilities);
        var total = Sum(probabilities);
        var uniform = SeededUniform.Of(settings.Seed, position);
        var token = settings.TopP < 1 ? DrawFromNucleus(probabilities, total, settings.TopP, uniform) : Inverse(probabilities, uniform * total);
        // A drawn token's probability is above 0, so its logarithm gives back the logit.
        return (token, (float)(Math.Log(probabilities[token]) - Math.Log(total)));
    }

    /// <summary>The likeliest tokens, likeliest first; of equally likely ones the lower id.</summary>
    /// <param name="probabilities">[V], as <see cref="Draw"/> left them.</param>
    /// <param name="count">How many; as many as there are tokens where that is fewer.</param>
    public static TokenAlternative[] Likeliest(ReadOnlySpan<float> probabilities, int count)
    {
        if (count == 0)
        {
            return [];
        }

        var logTotal = Math.Log(Sum(probabilities));
        var tokens = new List<int>(count + 1);
        for (var token = 0; token < probabilities.Length; token++)
        {
            if (tokens.Count == count && probabilities[token] <= probabilities[tokens[^1]])
            {
                continue;
            }

            var place = tokens.Count;
            while (place > 0 && probabilities[token] > probabilities[tokens[place - 1]])
            {
                place--;
            }

            tokens.Insert(place, token);
            if (tokens.Count > count)
            {
                tokens.RemoveAt(count);
            }
        }

        var alternatives = new TokenAlternative[tokens.Count];
        for (var i = 0; i < alternatives.Length; i++)
        {
            alternatives[i] = new TokenAlternative(tokens[i], (float)(Math.Log(probabilities[tokens[i]]) - logTotal));
        }

        return alternatives;
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }

    private static int Inverse(ReadOnlySpan<float> probabilities, double target)
    {
        var (cumulated, last) = (0.0, 0);
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] > 0)
            {
                cumulated += probabilities[i];
                last = i;
                if (cumulated >= target)
                {
                    return i;
                }
            }
        }

        return last;
    }

    // Tokens below (1 − p) / V of the total add up to less than 1 − p: the nucleus is among the others, and only they are sorted.
    private static int DrawFromNucleus(ReadOnlySpan<float> probabilities, double total, double topP, double uniform)
    {
        var least = (1 - topP) * total / probabilities.Length;
        var candidates = new List<(float Probability, int Token)>();
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] >= least)
            {
                candidates.Add((probabilities[i], i));
            }
        }

        candidates.Sort(static (a, b) => a.Probability != b.Probability ? b.Probability.CompareTo(a.Probability) : a.Token.CompareTo(b.Token));
        var (mass, count) = (0.0, 0);
        while (count < candidates.Count && mass < topP * total)
        {
            mass += candidates[count++].Probability;
        }

        var (target, cumulated) = (uniform * mass, 0.0);
        for (var i = 0; i < count; i++)
        {
            cumulated += candidates[i].Probability;
            if (cumulated >= target)
            {
                return candidates[i].Token;
            }
        }

        return candidates[count - 1].Token;
    }
}
