using System.Text.Json;

namespace Rlhf.LanguageModels.Tests;

/// <summary>
/// The transformers of Hugging Face's classes as plain loops in float64, from config.json and the checkpoint's tensors; shares no
/// code with the library. One sequence at a time, everything recomputed.
/// </summary>
internal sealed class PlainTransformer(JsonElement config, IReadOnlyDictionary<string, double[]> weights)
{
    private readonly string _type = config.GetProperty("model_type").GetString() ?? "";
    private readonly int _width = Whole(config, "hidden_size") ?? Whole(config, "n_embd") ?? 0;
    private readonly int _heads = Whole(config, "num_attention_heads") ?? Whole(config, "n_head") ?? 0;
    private readonly int _layers = Whole(config, "num_hidden_layers") ?? Whole(config, "n_layer") ?? 0;

    private bool IsGpt2 => _type == "gpt2";

    private bool IsGemma => _type is "gemma" or "gemma2";

    private int KeyValueHeads => Whole(config, "num_key_value_heads") ?? _heads;

    private int HeadSize => Whole(config, "head_dim") ?? (_width / _heads);

    /// <summary>[S][C], after the last norm.</summary>
    public double[][] Hidden(int[] tokens)
    {
        var embedding = weights[IsGpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight"];
        var stream = tokens.Select((token, position) => Enumerable.Range(0, _width).Select(c =>
            (embedding[(token * _width) + c] * (IsGemma ? Math.Sqrt(_width) : 1)) + (IsGpt2 ? weights["transformer.wpe.weight"][(position * _width) + c] : 0)).ToArray()).ToArray();
        for (var layer = 0; layer < _layers; layer++)
        {
            var prefix = IsGpt2 ? $"transformer.h.{layer}." : $"model.layers.{layer}.";
            var attended = Attention(Norm(stream, prefix + (IsGpt2 ? "ln_1" : "input_layernorm")), layer, prefix);
            stream = Add(stream, _type == "gemma2" ? Norm(attended, prefix + "post_attention_layernorm") : attended);
            var before = _type == "gemma2" ? "pre_feedforward_layernorm" : IsGpt2 ? "ln_2" : "post_attention_layernorm";
            var output = FeedForward(Norm(stream, prefix + before), prefix);
            stream = Add(stream, _type == "gemma2" ? Norm(output, prefix + "post_feedforward_layernorm") : output);
        }

        return Norm(stream, IsGpt2 ? "transformer.ln_f" : "model.norm");
    }

    /// <summary>[S][V].</summary>
    public double[][] Logits(int[] tokens)
    {
        var head = weights.TryGetValue("lm_head.weight", out var own) ? own : weights[IsGpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight"];
        var cap = _type == "gemma2" ? Real(config, "final_logit_softcapping") : null;
        return [.. Hidden(tokens).Select(x => Multiply(head, x, isTransposed: false).Select(logit => Cap(logit, cap)).ToArray())];
    }

    private double[][] Attention(double[][] x, int layer, string prefix)
    {
        var (size, group) = (HeadSize, _heads / KeyValueHeads);
        var (queries, keys, values) = QueriesKeysValues(x, prefix);
        var scale = 1 / Math.Sqrt(_type == "gemma2" ? Real(config, "query_pre_attn_scalar") ?? 256 : size);
        var cap = _type == "gemma2" ? Real(config, "attn_logit_softcapping") : null;
        var window = Window(layer);
        var attended = x.Select(_ => new double[_heads * size]).ToArray();
        for (var i = 0; i < x.Length; i++)
        {
            for (var head = 0; head < _heads; head++)
            {
                var first = window is { } width ? Math.Max(0, i - width + 1) : 0;
                var scores = Enumerable.Range(first, i + 1 - first).Select(j => Cap(scale * Enumerable.Range(0, size)
                    .Sum(d => queries[i][(head * size) + d] * keys[j][(head / group * size) + d]), cap)).ToArray();
                var exponentials = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
                for (var d = 0; d < size; d++)
                {
                    attended[i][(head * size) + d] =
                        exponentials.Select((e, k) => e / exponentials.Sum() * values[first + k][(head / group * size) + d]).Sum();
                }
            }
        }

        return Linear(attended, prefix + (IsGpt2 ? "attn.c_proj" : "self_attn.o_proj"));
    }

    private (double[][] Queries, double[][] Keys, double[][] Values) QueriesKeysValues(double[][] x, string prefix)
    {
        if (IsGpt2)
        {
            var fused = Linear(x, prefix + "attn.c_attn");
            double[][] Part(int part) => [.. fused.Select(row => row[(part * _width)..((part + 1) * _width)])];
            return (Part(0), Part(1), Part(2));
        }

        var queries = Linear(x, prefix + "self_attn.q_proj");
        var keys = Linear(x, prefix + "self_attn.k_proj");
        if (_type == "qwen3")
        {
            queries = NormHeads(queries, prefix + "self_attn.q_norm");
            keys = NormHeads(keys, prefix + "self_attn.k_norm");
        }

        return ([.. queries.Select(Rotate)], [.. keys.Select(Rotate)], Linear(x, prefix + "self_attn.v_proj"));
    }

    private double[][] FeedForward(double[][] x, string prefix)
    {
        if (IsGpt2)
        {
            return Linear([.. Linear(x, prefix + "mlp.c_fc").Select(row => row.Select(Gelu).ToArray())], prefix + "mlp.c_proj");
        }

        var gates = Linear(x, prefix + "mlp.gate_proj");
        var ups = Linear(x, prefix + "mlp.up_proj");
        return Linear([.. gates.Zip(ups, (gate, up) => gate.Zip(up, (g, u) => (IsGemma ? Gelu(g) : g / (1 + Math.Exp(-g))) * u).ToArray())], prefix + "mlp.down_proj");
    }

    private int? Window(int layer)
    {
        var width = Whole(config, "sliding_window");
        return _type switch
        {
            "mistral" => width,
            "gemma2" => layer % 2 == 0 ? width : null,
            "qwen2" or "qwen3" when config.TryGetProperty("use_sliding_window", out var used) && used.GetBoolean() =>
                layer >= Whole(config, "max_window_layers") ? width : null,
            _ => null,
        };
    }

    private double[] Rotate(double[] row, int position)
    {
        var (size, half) = (HeadSize, HeadSize / 2);
        var turned = new double[row.Length];
        for (var i = 0; i < row.Length; i++)
        {
            var (head, d) = Math.DivRem(i, size);
            var angle = position * Frequency(d % half);
            var partner = row[(head * size) + ((d + half) % size)];
            turned[i] = (row[i] * Math.Cos(angle)) + ((d < half ? -partner : partner) * Math.Sin(angle));
        }

        return turned;
    }

    private double Frequency(int pair)
    {
        var frequency = 1 / Math.Pow(Real(config, "rope_theta") ?? 10000, 2.0 * pair / HeadSize);
        if (!config.TryGetProperty("rope_scaling", out var scaling) || scaling.ValueKind == JsonValueKind.Null)
        {
            return frequency;
        }

        var factor = Real(scaling, "factor") ?? 0;
        if ((scaling.TryGetProperty("rope_type", out var type) ? type : scaling.GetProperty("type")).GetString() == "linear")
        {
            return frequency / factor;
        }

        var (low, high) = (Real(scaling, "low_freq_factor") ?? 0, Real(scaling, "high_freq_factor") ?? 0);
        var old = Real(scaling, "original_max_position_embeddings") ?? 0;
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < old / high)
        {
            return frequency;
        }

        var smooth = ((old / wavelength) - low) / (high - low);
        return wavelength > old / low ? frequency / factor : ((1 - smooth) * frequency / factor) + (smooth * frequency);
    }

    private double[][] NormHeads(double[][] x, string name) =>
        [.. x.Select(row => row.Chunk(HeadSize).SelectMany(head => Norm([head], name)[0]).ToArray())];

    private double[][] Norm(double[][] x, string name)
    {
        var weight = weights[name + ".weight"];
        var epsilon = Real(config, "rms_norm_eps") ?? Real(config, "layer_norm_epsilon") ?? 0;
        return
        [
            .. x.Select(row =>
            {
                var mean = IsGpt2 ? row.Average() : 0;
                var deviation = Math.Sqrt(row.Sum(v => (v - mean) * (v - mean)) / row.Length + epsilon);
                return row.Select((v, c) => ((v - mean) / deviation * (weight[c] + (IsGemma ? 1 : 0))) + (IsGpt2 ? weights[name + ".bias"][c] : 0)).ToArray();
            }),
        ];
    }

    private double[][] Linear(double[][] x, string name)
    {
        var bias = weights.GetValueOrDefault(name + ".bias");
        return [.. x.Select(row => Multiply(weights[name + ".weight"], row, IsGpt2).Select((y, o) => y + (bias?[o] ?? 0)).ToArray())];
    }

    private static double[] Multiply(double[] weight, double[] x, bool isTransposed)
    {
        var outputs = weight.Length / x.Length;
        return [.. Enumerable.Range(0, outputs).Select(o => x.Select((v, k) => v * weight[isTransposed ? (k * outputs) + o : (o * x.Length) + k]).Sum())];
    }

    private static double[][] Add(double[][] a, double[][] b) => [.. a.Zip(b, (x, y) => x.Zip(y, (v, w) => v + w).ToArray())];

    private static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * Math.Pow(x, 3)))));

    private static double Cap(double x, double? cap) => cap is { } c ? c * Math.Tanh(x / c) : x;

    private static int? Whole(JsonElement from, string name) => (int?)Real(from, name);

    private static double? Real(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
