using System.Text.Json;
using Rlhf.LanguageModels.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Checkpoints;

/// <summary>What AdamW remembers of the gradients, as files: training goes on from them to the bit.</summary>
internal static class OptimizerMoments
{
    private const string TensorsName = "moments.safetensors";
    private const string StepsName = "moments.json";

    /// <summary>Writes the moments of every parameter, in the optimizer's order.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public static void Save(AdamW optimizer, string folder)
    {
        var states = StatesOf(optimizer);
        SafetensorsWriter.Write(
            Path.Combine(folder, TensorsName),
            states.Index().SelectMany(state => (KeyValuePair<string, Tensor>[])
            [
                new(First(state.Index), state.Item.exp_avg), new(Second(state.Index), state.Item.exp_avg_sq),
            ]).ToDictionary());
        File.WriteAllText(Path.Combine(folder, StepsName), JsonSerializer.Serialize(states.Select(state => state.step)));
    }

    /// <summary>Takes them over into an optimizer of the same parameters.</summary>
    /// <exception cref="InvalidDataException">A file is missing or malformed, or belongs to other parameters.</exception>
    public static void Restore(AdamW optimizer, string folder)
    {
        var states = StatesOf(optimizer);
        var steps = StepsIn(folder);
        using var reader = new SafetensorsReader(Path.Combine(folder, TensorsName));
        if (steps.Length != states.Count || reader.Names.Count != 2 * states.Count)
        {
            throw new InvalidDataException($"{folder} has the moments of {steps.Length} parameters; {states.Count} train.");
        }

        foreach (var (i, state) in states.Index())
        {
            state.step = steps[i];
            Copy(reader, First(i), state.exp_avg);
            Copy(reader, Second(i), state.exp_avg_sq);
        }
    }

    private static List<AdamW.State> StatesOf(AdamW optimizer) => [.. optimizer.state_dict().State.Cast<AdamW.State>()];

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
