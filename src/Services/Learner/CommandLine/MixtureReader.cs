using System.Text.Json;
using Rlhf.DataFiles;
using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.Training;

namespace Rlhf.Learner.CommandLine;

/// <summary>Reads the data files of a config.</summary>
internal static class MixtureReader
{
    /// <summary>Reads all of them.</summary>
    /// <typeparam name="T">What a row becomes.</typeparam>
    /// <param name="config">Says how many bad rows are tolerated, and the seed.</param>
    /// <param name="sources">The files.</param>
    /// <param name="read">Makes tokens of a row of a file; throws <see cref="RefusedItemException"/> where it can't be used.</param>
    /// <param name="tell">Gets a sentence for each kind of bad row.</param>
    /// <exception cref="InvalidDataException">A file has too many bad rows.</exception>
    /// <exception cref="IOException">A file can't be read.</exception>
    public static Mixture<T> Read<T>(TrainingConfig config, IReadOnlyList<DataSource> sources, Func<DataSource, JsonElement, T> read, Action<string> tell)
    {
        var limit = BadRowLimit.Parse(config.MaxBadRows);
        var parts = new List<MixturePart<T>>();
        foreach (var (index, source) in sources.Index())
        {
            var file = JsonLines.Read(source.File, row => read(source, row)).Require(limit);
            foreach (var sentence in file.BadRows.Sentences())
            {
                tell($"{source.File}: {sentence}");
            }

            var rows = Weighted(file.Rows, source.Weight, new Random(Seeds.ForRandom(Seeds.Derive(config.Seed, (ulong)index))));
            var record = new DataRecord(source.File, file.Sha256, source.Kind, source.HeldOut, file.RowCount, rows.Count, file.BadRows.Counts);
            parts.Add(new MixturePart<T>(source, record, rows));
        }

        return new Mixture<T>(parts);
    }

    /// <summary>Each row as often as the weight's whole part, and a random choice of rows once more for the rest.</summary>
    internal static IReadOnlyList<T> Weighted<T>(IReadOnlyList<T> rows, double weight, Random random)
    {
        var times = (int)Math.Floor(weight);
        var more = (int)Math.Round((weight - times) * rows.Count);
        var chosen = Enumerable.Range(0, rows.Count).ToArray();
        random.Shuffle(chosen);
        return [.. Enumerable.Repeat(rows, times).SelectMany(all => all), .. chosen[..more].Order().Select(index => rows[index])];
    }
}
