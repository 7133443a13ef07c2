namespace Rlhf.Tokenization.Files;

/// <summary>Steps of a tokenizer.json: one, none, or a "Sequence" of them.</summary>
internal static class Steps
{
    /// <param name="step">The step; null where the file has none.</param>
    /// <param name="listName">What a sequence calls its list.</param>
    public static IReadOnlyList<JsonField> Of(JsonField? step, string listName) => step is not { } first ? []
        : first["type"].Text() == "Sequence" ? [.. first[listName].Items().SelectMany(inner => Of(inner, listName))]
        : [first];
}
