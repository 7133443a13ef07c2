using System.Globalization;
using Rlhf.Tokenization.Bpe;

namespace Rlhf.Tokenization.Files;

/// <summary>Reads added tokens, and puts them into the vocabulary.</summary>
internal static class AddedTokenReader
{
    /// <summary>The list "added_tokens" of a tokenizer.json.</summary>
    public static IReadOnlyList<AddedToken> List(JsonField? tokens, Vocabulary vocabulary) =>
        [.. (tokens?.Items() ?? []).Select(token => Read(token, token["id"].Id(), vocabulary))];

    /// <summary>The object "added_tokens_decoder" of a tokenizer_config.json, which has the ids as names.</summary>
    public static IReadOnlyList<AddedToken> ById(JsonField? tokens, Vocabulary vocabulary) =>
        [.. (tokens?.Members() ?? []).Select(token => Read(token.Value, Id(token.Name, token.Value), vocabulary))];

    private static int Id(string name, JsonField token) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < Vocabulary.IdLimit ? id : throw token.Wrong("named by a token id");

    private static AddedToken Read(JsonField token, int id, Vocabulary vocabulary)
    {
        var content = token["content"].Text();
        if (content.Length == 0)
        {
            throw token["content"].Wrong("a text that is not empty");
        }

        // Many files list a token among the vocabulary and here.
        if (!(vocabulary.Ids.TryGetValue(content, out var known) && known == id))
        {
            vocabulary.Add(content, id);
        }

        var isSpecial = Flag("special", false);
        return new AddedToken(id, content, isSpecial)
        {
            TakesSpaceBefore = Flag("lstrip", false),
            TakesSpaceBehind = Flag("rstrip", false),
            IsWholeWord = Flag("single_word", false),
            IsNormalized = Flag("normalized", !isSpecial),
        };

        bool Flag(string name, bool otherwise) => token.Find(name)?.Boolean() ?? otherwise;
    }
}
