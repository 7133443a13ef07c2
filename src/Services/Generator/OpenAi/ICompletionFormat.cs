using System.Text.Json.Nodes;
using Rlhf.Generator.Engine;

namespace Rlhf.Generator.OpenAi;

/// <summary>How answers of one endpoint look. One object serves one request.</summary>
internal interface ICompletionFormat
{
    /// <summary>What an answer's id begins with.</summary>
    string IdPrefix { get; }

    /// <summary>The "object" of a whole answer.</summary>
    string ObjectName { get; }

    /// <summary>The "object" of a stream's chunk.</summary>
    string ChunkObjectName { get; }

    /// <summary>How many of the likeliest tokens to name at each place.</summary>
    int Alternatives { get; }

    /// <summary>A choice that a stream begins with, before any token; null where there is none.</summary>
    JsonObject? First(int index);

    /// <summary>A token as the choice of a chunk; null where it has nothing to say yet.</summary>
    JsonObject? Chunk(StreamedToken token);

    /// <summary>A whole response as a choice.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="tokens">All its tokens.</param>
    JsonObject Choice(int index, IReadOnlyList<StreamedToken> tokens);
}
