using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Rlhf.LanguageModels.Checkpoints;
using Rlhf.Learner.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Checkpoints;

/// <summary>
/// Where a fit stands, from time to time on disk: weights, the optimizer's moments, and the figures so far. The order of the items
/// and the learning rate are functions of the seed and of the update's number.
/// </summary>
internal sealed class FitCheckpoints(CheckpointStore store, CheckpointOptions options)
{
    private const string WeightsName = "weights.safetensors";
    private const string FiguresName = "figures.json";
    private const double LargestShareOfTime = 0.1;

    private long _sinceTimestamp = Stopwatch.GetTimestamp();
    private TimeSpan _lastWrite;
    private int _lastUpdate;

    /// <summary>Goes back to where the fit was.</summary>
    /// <param name="parameters">All that train; they get the kept weights.</param>
    /// <param name="optimizer">Gets the kept moments, if an update is left.</param>
    /// <param name="updates">Updates of the whole fit.</param>
    /// <param name="stopping">Gets what was kept of it; null where the fit runs to its end.</param>
    /// <returns>The figures of the updates done so far; none where the fit begins.</returns>
    /// <exception cref="InvalidDataException">What is kept belongs to other parameters.</exception>
    public IReadOnlyList<IReadOnlyDictionary<string, double>> Restore(IReadOnlyList<Parameter> parameters, AdamWOptimizer optimizer, int updates, EarlyStopping? stopping)
    {
        if (store.Newest() is not { } checkpoint)
        {
            return [];
        }

        var figures = JsonSerializer.Deserialize<Dictionary<string, double>[]>(File.ReadAllBytes(checkpoint.PathOf(FiguresName))) ?? [];
        if (figures.Length != checkpoint.Number || figures.Length > updates)
        {
            throw new InvalidDataException($"{checkpoint.Folder} has the figures of {figures.Length} updates of at most {updates}; it is another fit's.");
        }

        RestoreWeights(parameters, checkpoint.PathOf(WeightsName));
        if (figures.Length < updates)
        {
            OptimizerMoments.Restore(optimizer, checkpoint.Folder);
        }

        stopping?.Restore(checkpoint);
        _lastUpdate = figures.Length;
        return figures;
    }

    /// <summary>Writes a checkpoint if one is due; one always is after the last update, or when the fit stops early. A failure is logged, and training goes on.</summary>
    /// <param name="parameters">All that train.</param>
    /// <param name="optimizer">Theirs.</param>
    /// <param name="figures">Of the updates done so far.</param>
    /// <param name="updates">Updates of the whole fit.</param>
    /// <param name="stopping">Kept with it; null where the fit runs to its end.</param>
    public void Offer(IReadOnlyList<Parameter> parameters, AdamWOptimizer optimizer, IReadOnlyList<IReadOnlyDictionary<string, double>> figures, int updates, EarlyStopping? stopping)
    {
        var isLast = figures.Count == updates;
        if (!isLast && stopping?.IsOver != true && !IsDue(figures.Count))
        {
            return;
        }

        var start = Stopwatch.GetTimestamp();
        store.TrySave(figures.Count, folder =>
        {
            SafetensorsWriter.Write(
                Path.Combine(folder, WeightsName), parameters.Index().ToDictionary(item => Name(item.Index), item => (Tensor)item.Item));
            File.WriteAllBytes(Path.Combine(folder, FiguresName), JsonSerializer.SerializeToUtf8Bytes(figures));
            stopping?.Save(folder);
            if (!isLast)
            {
                OptimizerMoments.Save(optimizer, folder);
            }
        });
        _lastUpdate = figures.Count;
        _sinceTimestamp = Stopwatch.GetTimestamp();
        _lastWrite = Stopwatch.GetElapsedTime(start);
    }

    private bool IsDue(int update) =>
        (options.UpdatesBetween > 0 && update - _lastUpdate >= options.UpdatesBetween)
        || Stopwatch.GetElapsedTime(_sinceTimestamp).TotalSeconds >= Math.Max(options.SecondsBetween, _lastWrite.TotalSeconds / LargestShareOfTime);

    /// <summary>Copies kept weights into tensors of their shapes.</summary>
    /// <exception cref="InvalidDataException">The file belongs to others.</exception>
    internal static void RestoreWeights(IReadOnlyList<Tensor> parameters, string path)
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

    /// <summary>Under which a parameter is kept.</summary>
    internal static string Name(int index) => index.ToString("D5", CultureInfo.InvariantCulture);
}
