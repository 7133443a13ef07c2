using System.Text.Json;

namespace Rlhf.Tokenization.Bpe;

/// <summary>Tokens and their ids, one to one.</summary>
/// <param name="file">Where they were read.</param>
internal sealed class Vocabulary(string file)
{
    /// <summary>No model has so many tokens; an id from here on is a mistake.</summary>
    public const int IdLimit = 1 << 24;

    public Dictionary<string, int> Ids { get; } = new(StringComparer.Ordinal);

    public Dictionary<int, string> Tokens { get; } = [];

    public string File => file;

    /// <exception cref="InvalidDataException">The token or the id is there already.</exception>
    public void Add(string token, int id)
    {
        if (!Tokens.TryAdd(id, token))
        {
            throw new InvalidDataException($"{file}: the id {id} belongs to both {Quoted(Tokens[id])} and {Quoted(token)}.");
        }

        if (!Ids.TryAdd(token, id))
        {
            throw new InvalidDataException($"{file}: the token {Quoted(token)} has both the id {Ids[token]} and the id {id}.");
        }
    }

    /// <exception cref="InvalidDataException">There is no such token.</exception>
    public int Id(string token, string wantedBy) => Ids.TryGetValue(token, out var id)
        ? id : throw new InvalidDataException($"{file}: {wantedBy} needs the token {Quoted(token)}, which the vocabulary lacks.");

    private static string Quoted(string token) => $"\"{JsonEncodedText.Encode(token)}\"";
}
