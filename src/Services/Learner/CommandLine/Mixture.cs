namespace Rlhf.Learner.CommandLine;

/// <summary>The data files of a config, read.</summary>
/// <typeparam name="T">A usable row, as tokens.</typeparam>
/// <param name="Parts">One a file.</param>
internal sealed record Mixture<T>(IReadOnlyList<MixturePart<T>> Parts)
{
    /// <summary>What is trained on, files in the config's order; a row stands as often as its file's weight says.</summary>
    public IReadOnlyList<T> Training => [.. Parts.Where(part => !part.Source.HeldOut).SelectMany(part => part.Rows)];

    /// <summary>The held-out rows by their file's kind; those without a kind are called "other".</summary>
    public IReadOnlyList<(string Kind, IReadOnlyList<T> Rows)> HeldOut =>
    [
        .. Parts.Where(part => part.Source.HeldOut).GroupBy(part => part.Source.Kind.Length == 0 ? "other" : part.Source.Kind)
            .Select(kind => (kind.Key, (IReadOnlyList<T>)[.. kind.SelectMany(part => part.Rows)])),
    ];

    /// <summary>What a record of the training says of the files.</summary>
    public IReadOnlyList<DataRecord> Records => [.. Parts.Select(part => part.Record)];
}
