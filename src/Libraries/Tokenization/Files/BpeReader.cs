using Rlhf.Tokenization.Bpe;

namespace Rlhf.Tokenization.Files;

/// <summary>Reads vocabularies and merges.</summary>
internal static class BpeReader
{
    /// <summary>The "vocab" of a tokenizer.json, or a vocab.json: ids by token.</summary>
    public static Vocabulary Vocabulary(JsonField ids)
    {
        var vocabulary = new Vocabulary(ids.File);
        foreach (var (token, id) in ids.Members())
        {
            vocabulary.Add(token, id.Id());
        }

        return vocabulary;
    }

    /// <summary>The "merges" of a tokenizer.json: pairs, or two tokens with a space between them.</summary>
    public static IEnumerable<(string Left, string Right)> Merges(JsonField merges) => merges.Items().Select(merge =>
    {
        if (merge.Kind == System.Text.Json.JsonValueKind.Array)
        {
            var pair = merge.Items().Select(token => token.Text()).ToList();
            return pair.Count == 2 ? (pair[0], pair[1]) : throw merge.Wrong("two tokens");
        }

        return Pair(merge.Text()) ?? throw merge.Wrong("two tokens with a space between them");
    });

    /// <summary>The lines of a merges.txt.</summary>
    /// <exception cref="InvalidDataException">A line is not two tokens with a space between them.</exception>
    public static IEnumerable<(string Left, string Right)> Merges(string file) => File.ReadLines(file)
        .Index()
        .Where(line => line.Item.Length > 0 && !(line.Index == 0 && line.Item.StartsWith("#version", StringComparison.Ordinal)))
        .Select(line => Pair(line.Item)
            ?? throw new InvalidDataException($"{file}: line {line.Index + 1} should be two tokens with a space between them."));

    /// <summary>A table in which earlier merges go first.</summary>
    /// <exception cref="InvalidDataException">A merge's tokens or its result are not in the vocabulary.</exception>
    public static MergeTable Table(IEnumerable<(string Left, string Right)> merges, Vocabulary vocabulary)
    {
        var table = new MergeTable();
        foreach (var (rank, (left, right)) in merges.Index())
        {
            var wantedBy = $"merge {rank + 1}";
            table.Set(vocabulary.Id(left, wantedBy), vocabulary.Id(right, wantedBy), (uint)rank, vocabulary.Id(left + right, wantedBy));
        }

        return table;
    }

    private static (string Left, string Right)? Pair(string merge)
    {
        var space = merge.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && space < merge.Length - 1 && merge.LastIndexOf(' ') == space ? (merge[..space], merge[(space + 1)..]) : null;
    }
}
