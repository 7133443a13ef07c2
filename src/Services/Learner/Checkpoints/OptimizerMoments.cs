using System.Text.Json;
using Rlhf.LanguageModels.Checkpoints;
using Rlhf.Learner.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Checkpoints;

/// <summary>What AdamW remembers of the gradients, as files: training goes on from them to the bit.</summary>
internal static class OptimizerMoments
{
    private const string TensorsName = "moments.safetensors";
    private const string StepsName = "moments.json";

    /// <summary>Writes the moments of every parameter, in the optimizer's order.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public static void Save(AdamWOptimizer optimizer, string folder)
    {
        var moments = optimizer.Moments;
        SafetensorsWriter.Write(
            Path.Combine(folder, TensorsName),
            moments.Index().SelectMany(moment => (KeyValuePair<string, Tensor>[])
            [
                new(First(moment.Index), moment.Item.First), new(Second(moment.Index), moment.Item.Second),
            ]).ToDictionary());
        File.WriteAllText(Path.Combine(folder, StepsName), JsonSerializer.Serialize(moments.Select(moment => (long)moment.Steps.item<float>())));
    }

    /// <summary>Takes them over into an optimizer of the same parameters.</summary>
    /// <exception cref="InvalidDataException">A file is missing or malformed, or belongs to other parameters.</exception>
    public static void Restore(AdamWOptimizer optimizer, string folder)
    {
        var moments = optimizer.Moments;
        var steps = StepsIn(folder);
        using var reader = new SafetensorsReader(Path.Combine(folder, TensorsName));
        if (steps.Length != moments.Count || reader.Names.Count != 2 * moments.Count)
        {
            throw new InvalidDataException($"{folder} has the moments of {steps.Length} parameters; {moments.Count} train.");
        }

        foreach (var (i, moment) in moments.Index())
        {
            using Scalar taken = steps[i];
            moment.Steps.fill_(taken);
            Copy(reader, First(i), moment.First);
            Copy(reader, Second(i), moment.Second);
        }
    }

    private static long[] StepsIn(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<long[]>(File.ReadAllText(Path.Combine(folder, StepsName))) ?? [];
        }
        catch (Exception exception) when (exception is JsonException or FileNotFoundException)
        {
            throw new InvalidDataException($"{StepsName} of a checkpoint can't be read: {exception.Message}", exception);
        }
    }

    private static void Copy(SafetensorsReader reader, string name, Tensor to)
    {
        if (!reader.Names.Contains(name) || !reader.ShapeOf(name).SequenceEqual(to.shape))
        {
            throw new InvalidDataException($"The checkpoint's \"{name}\" does not fit the parameter's [{string.Join(", ", to.shape)}].");
        }

        using var noGradients = no_grad();
        using var from = reader.Read(name, ScalarType.Float32);
        to.copy_(from);
    }

    private static string First(int parameter) => $"{parameter}.exp_avg";

    private static string Second(int parameter) => $"{parameter}.exp_avg_sq";
}
