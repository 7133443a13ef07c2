using Rlhf.LanguageModels;

namespace Rlhf.Learner.Tests.Parity;

/// <summary>
/// A Llama in plain loops over float64, written from the papers and from nothing of the product: RMSNorm, rotary positions, grouped
/// attention, SwiGLU, and LoRA beside every linear layer.
/// </summary>
internal sealed class Float64Transformer(ModelConfig config, IReadOnlyDictionary<string, double[]> weights)
{
    private const double LoraScale = 2; // alpha / r
    private static readonly string[] s_linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Hidden states after the last norm.</summary>
    /// <param name="tokens">One sequence.</param>
    /// <param name="adapter">A and B of each linear layer, in order; null is none.</param>
    /// <returns>[S][C].</returns>
    public double[][] Hidden(int[] tokens, double[][]? adapter)
    {
        var width = config.HiddenSize;
        var stream = tokens.Select(token => weights["model.embed_tokens.weight"].AsSpan(token * width, width).ToArray()).ToArray();
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var normed = Norm(stream, weights[prefix + "input_layernorm.weight"]);
            var queries = Rotate(Linear(normed, layer, 0, adapter), config.Heads);
            var keys = Rotate(Linear(normed, layer, 1, adapter), config.KeyValueHeads);
            Add(stream, Linear(Attend(queries, keys, Linear(normed, layer, 2, adapter)), layer, 3, adapter));
            normed = Norm(stream, weights[prefix + "post_attention_layernorm.weight"]);
            var (gate, up) = (Linear(normed, layer, 4, adapter), Linear(normed, layer, 5, adapter));
            var inner = gate.Select((row, s) => row.Select((x, i) => x / (1 + Math.Exp(-x)) * up[s][i]).ToArray()).ToArray();
            Add(stream, Linear(inner, layer, 6, adapter));
        }

        return Norm(stream, weights["model.norm.weight"]);
    }

    /// <summary>log softmax(logits / temperature) over the vocabulary, of one hidden state.</summary>
    public double[] Logprobs(double[] hidden, double temperature)
    {
        var logits = Product(hidden, weights["lm_head.weight"], config.VocabularySize).Select(logit => logit / temperature).ToArray();
        var log = Math.Log(logits.Sum(Math.Exp));
        return [.. logits.Select(logit => logit - log)];
    }

    private double[][] Linear(double[][] x, int layer, int which, double[][]? adapter)
    {
        var part = which < 4 ? "self_attn" : "mlp";
        var weight = weights[$"model.layers.{layer}.{part}.{s_linear[which]}.weight"];
        var outputs = weight.Length / x[0].Length;
        return [.. x.Select(row =>
        {
            var y = Product(row, weight, outputs);
            if (adapter is not null)
            {
                var place = 2 * ((layer * s_linear.Length) + which);
                var (a, b) = (adapter[place], adapter[place + 1]);
                var low = Product(row, a, a.Length / row.Length);
                var change = Product(low, b, outputs);
                y = [.. y.Select((value, i) => value + (LoraScale * change[i]))];
            }

            return y;
        })];
    }

    private double[][] Attend(double[][] queries, double[][] keys, double[][] values)
    {
        var (size, group) = (config.HeadSize, config.Heads / config.KeyValueHeads);
        var output = queries.Select(row => new double[row.Length]).ToArray();
        for (var s = 0; s < queries.Length; s++)
        {
            for (var head = 0; head < config.Heads; head++)
            {
                var (from, shared) = (head * size, head / group * size);
                var weightsOfPast = new double[s + 1];
                for (var past = 0; past <= s; past++)
                {
                    var dot = 0.0;
                    for (var i = 0; i < size; i++)
                    {
                        dot += queries[s][from + i] * keys[past][shared + i];
                    }

                    weightsOfPast[past] = Math.Exp(dot / Math.Sqrt(size));
                }

                var total = weightsOfPast.Sum();
                for (var past = 0; past <= s; past++)
                {
                    for (var i = 0; i < size; i++)
                    {
                        output[s][from + i] += weightsOfPast[past] / total * values[past][shared + i];
                    }
                }
            }
        }

        return output;
    }

    private double[][] Rotate(double[][] x, int heads)
    {
        var half = config.HeadSize / 2;
        var rotated = x.Select(row => new double[row.Length]).ToArray();
        for (var s = 0; s < x.Length; s++)
        {
            for (var head = 0; head < heads; head++)
            {
                for (var i = 0; i < half; i++)
                {
                    var (low, high) = ((head * config.HeadSize) + i, (head * config.HeadSize) + half + i);
                    var (sine, cosine) = Math.SinCos(s / Math.Pow(config.RopeTheta, 2.0 * i / config.HeadSize));
                    rotated[s][low] = (x[s][low] * cosine) - (x[s][high] * sine);
                    rotated[s][high] = (x[s][high] * cosine) + (x[s][low] * sine);
                }
            }
        }

        return rotated;
    }

    private double[][] Norm(double[][] x, double[] weight) =>
    [
        .. x.Select(row =>
        {
            var scale = 1 / Math.Sqrt(row.Average(value => value * value) + config.NormEpsilon);
            return row.Select((value, i) => value * scale * weight[i]).ToArray();
        }),
    ];

    private static double[] Product(double[] x, double[] weight, int outputs)
    {
        var y = new double[outputs];
        for (var o = 0; o < outputs; o++)
        {
            var sum = 0.0;
            for (var i = 0; i < x.Length; i++)
            {
                sum += weight[(o * x.Length) + i] * x[i];
            }

            y[o] = sum;
        }

        return y;
    }

    private static void Add(double[][] stream, double[][] change)
    {
        for (var s = 0; s < stream.Length; s++)
        {
            for (var i = 0; i < stream[s].Length; i++)
            {
                stream[s][i] += change[s][i];
            }
        }
    }
}
