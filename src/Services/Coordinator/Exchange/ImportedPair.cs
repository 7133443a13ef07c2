using Rlhf.Coordinator.Prompts;
using Rlhf.DataFiles;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Coordinator.Exchange;

/// <summary>A preference out of a file, as the ledger takes it.</summary>
/// <param name="Line">Where it is in the file, from 1.</param>
/// <param name="Turns">The prompt, which ends with the user.</param>
/// <param name="Chosen">The better answer.</param>
/// <param name="Rejected">The other.</param>
/// <param name="Preference">Probability that the chosen one is better.</param>
internal sealed record ImportedPair(int Line, IReadOnlyList<Turn> Turns, string Chosen, string Rejected, double Preference)
{
    /// <summary>Takes a row of a preference file over.</summary>
    /// <exception cref="RefusedItemException">Its prompt is no conversation that ends with the user, or a text is too long.</exception>
    public static ImportedPair Of(PreferenceRow row, int line)
    {
        IReadOnlyList<Turn> turns = row.Prompt.ContentCase == Prompt.ContentOneofCase.Conversation
            ? [.. row.Prompt.Conversation.Messages.Select(message => new Turn(message.Role, message.Content))]
            : Transcript.Parse(row.Prompt.Text) is { Count: > 0 } transcript
            ? [.. transcript.Select(turn => new Turn(turn.Role, turn.Content))]
            : [new Turn("user", row.Prompt.Text)];
        if (turns[^1].Role != "user")
        {
            throw new RefusedItemException("malformed_conversation", "The prompt does not end with the user.");
        }

        if (turns.Any(turn => string.IsNullOrWhiteSpace(turn.Content)))
        {
            throw new RefusedItemException("malformed_conversation", "A turn of the prompt is empty.");
        }

        var longest = Math.Max(turns.Sum(turn => turn.Content.Length), Math.Max(row.Chosen.Length, row.Rejected.Length));
        return longest <= PromptFileReader.MaxCharacters
            ? new ImportedPair(line, turns, row.Chosen, row.Rejected, row.Preference)
            : throw new RefusedItemException("too_long", $"A text has {longest} characters; {PromptFileReader.MaxCharacters} are the most.");
    }
}
