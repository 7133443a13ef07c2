using System.Text.Json.Nodes;

namespace Rlhf.Generator.OpenAi;

/// <summary>What all chunks of an answer have in common.</summary>
/// <param name="format">The endpoint's.</param>
/// <param name="versionId">Who answers.</param>
/// <param name="tokenizerHash">With the version, what an answer to the same seed depends on.</param>
internal sealed class AnswerHead(ICompletionFormat format, string versionId, string tokenizerHash)
{
    private readonly string _id = $"{format.IdPrefix}{Guid.NewGuid():N}";
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public JsonObject Whole(IEnumerable<JsonObject> choices) => Json(format.ObjectName, choices);

    public JsonObject Chunk(IEnumerable<JsonObject> choices) => Json(format.ChunkObjectName, choices);

    private JsonObject Json(string objectName, IEnumerable<JsonObject> choices) => new()
    {
        ["id"] = _id,
        ["object"] = objectName,
        ["created"] = _created,
        ["model"] = versionId,
        ["system_fingerprint"] = $"{versionId}-{tokenizerHash[..12]}",
        ["choices"] = new JsonArray([.. choices]),
    };
}
