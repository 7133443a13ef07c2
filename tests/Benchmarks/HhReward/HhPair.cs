using Rlhf.DataFiles;

namespace Rlhf.Benchmarks.HhReward;

/// <summary>A pair of HH-RLHF (Bai et al. 2022, arXiv:2204.05862).</summary>
/// <param name="Source">"harmless" or "helpful".</param>
/// <param name="Prompt">The dialogue up to the mark of the assistant's last turn.</param>
/// <param name="Chosen">The preferred last turn.</param>
/// <param name="Rejected">The other.</param>
internal sealed record HhPair(string Source, string Prompt, string Chosen, string Rejected)
{
    /// <summary>The two kinds of pairs.</summary>
    public static IReadOnlyList<string> Sources { get; } = ["harmless", "helpful"];

    /// <summary>How many parts the training data has for cross-validation.</summary>
    public const int Folds = 5;

    /// <summary>Which of these parts the pair is in: pairs that begin with the same question are in the same.</summary>
    public int Fold => (int)(HashOf(Prompt.Split("\n\nAssistant:")[0]) % Folds);

    /// <summary>Reads one split's two files, "SPLIT.harmless-base.jsonl" and "SPLIT.helpful-base.jsonl".</summary>
    /// <param name="folder">Where they are.</param>
    /// <param name="split">"dev-train" or "dev-val".</param>
    /// <param name="say">Told how many rows can't be used, and why.</param>
    public static List<HhPair> Read(string folder, string split, Action<string> say)
    {
        var pairs = new List<HhPair>();
        foreach (var source in Sources)
        {
            var path = Path.Combine(folder, $"{split}.{source}-base.jsonl");
            var file = PreferenceRows.Read(path);
            pairs.AddRange(file.Rows.Select(row => new HhPair(source, row.Prompt.Text, row.Chosen, row.Rejected)));
            say($"{Path.GetFileName(path)}: {file.Rows.Count} pairs, {file.BadRows.Count} unusable rows");
            foreach (var sentence in file.BadRows.Sentences())
            {
                say("  " + sentence);
            }
        }

        return pairs;
    }

    // FNV-1a (Fowler, Noll and Vo), well mixed at the end.
    private static uint HashOf(string text)
    {
        var hash = text.Aggregate(2166136261u, (sum, character) => (sum ^ character) * 16777619);
        hash ^= hash >> 15;
        hash *= 0x2c1b3c6d;
        return hash ^ (hash >> 12);
    }
}
