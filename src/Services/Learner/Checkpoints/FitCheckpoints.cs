using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Rlhf.LanguageModels.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Checkpoints;

/// <summary>
/// Where a fit stands, from time to time on disk: weights, the optimizer's moments, and the losses so far. The order of the items
/// and the learning rate are functions of the seed and of the update's number.
/// </summary>
internal sealed class FitCheckpoints(CheckpointStore store, CheckpointOptions options)
{
    private const string WeightsName = "weights.safetensors";
    private const string LossesName = "losses.float64";
    private const double LargestShareOfTime = 0.1;

    private long _sinceTimestamp = Stopwatch.GetTimestamp();
    private TimeSpan _lastWrite;
    private int _lastUpdate;

    /// <summary>Goes back to where the fit was.</summary>
    /// <param name="parameters">All that train; they get the kept weights.</param>
    /// <param name="optimizer">Gets the kept moments, if an update is left.</param>
    /// <param name="updates">Updates of the whole fit.</param>
    /// <returns>The losses of the updates done so far; none where the fit begins.</returns>
    /// <exception cref="InvalidDataException">What is kept belongs to other parameters.</exception>
    public IReadOnlyList<double> Restore(IReadOnlyList<Parameter> parameters, AdamW optimizer, int updates)
    {
        if (store.Newest() is not { } checkpoint)
        {
            return [];
        }

        var losses = MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(checkpoint.PathOf(LossesName))).ToArray();
        if (losses.Length != checkpoint.Number || losses.Length > updates)
        {
            throw new InvalidDataException($"{checkpoint.Folder} has {losses.Length} losses of at most {updates}; it is another fit's.");
        }

        RestoreWeights(parameters, checkpoint.PathOf(WeightsName));
        if (losses.Length < updates)
        {
            OptimizerMoments.Restore(optimizer, checkpoint.Folder);
        }

        _lastUpdate = losses.Length;
        return losses;
    }

    /// <summary>Writes a checkpoint if one is due; one always is after the last update. A failure is logged, and training goes on.</summary>
    /// <param name="parameters">All that train.</param>
    /// <param name="optimizer">Theirs.</param>
    /// <param name="losses">Of the updates done so far.</param>
    /// <param name="updates">Updates of the whole fit.</param>
    public void Offer(IReadOnlyList<Parameter> parameters, AdamW optimizer, IReadOnlyList<double> losses, int updates)
    {
        var isLast = losses.Count == updates;
        if (!isLast && !IsDue(losses.Count))
        {
            return;
        }

        var start = Stopwatch.GetTimestamp();
        store.TrySave(losses.Count, folder =>
        {
            SafetensorsWriter.Write(
                Path.Combine(folder, WeightsName), parameters.Index().ToDictionary(item => Name(item.Index), item => (Tensor)item.Item));
            File.WriteAllBytes(Path.Combine(folder, LossesName), MemoryMarshal.AsBytes<double>(losses.ToArray()));
            if (!isLast)
            {
                OptimizerMoments.Save(optimizer, folder);
            }
        });
        _lastUpdate = losses.Count;
        _sinceTimestamp = Stopwatch.GetTimestamp();
        _lastWrite = Stopwatch.GetElapsedTime(start);
    }

    private bool IsDue(int update) =>
        (options.UpdatesBetween > 0 && update - _lastUpdate >= options.UpdatesBetween)
        || Stopwatch.GetElapsedTime(_sinceTimestamp).TotalSeconds >= Math.Max(options.SecondsBetween, _lastWrite.TotalSeconds / LargestShareOfTime);

    private static void RestoreWeights(IReadOnlyList<Parameter> parameters, string path)
    {
        using var noGradients = no_grad();
        using var reader = new SafetensorsReader(path);
        if (reader.Names.Count != parameters.Count)
        {
            throw new InvalidDataException($"{path} has {reader.Names.Count} weights; {parameters.Count} train.");
        }

        foreach (var (index, parameter) in parameters.Index())
        {
            if (!reader.Names.Contains(Name(index)) || !reader.ShapeOf(Name(index)).SequenceEqual(parameter.shape))
            {
                throw new InvalidDataException($"{path} does not fit parameter {index}, [{string.Join(", ", parameter.shape)}].");
            }

            using var weights = reader.Read(Name(index), ScalarType.Float32);
            parameter.copy_(weights);
        }
    }

    private static string Name(int index) => index.ToString("D5", CultureInfo.InvariantCulture);
}
