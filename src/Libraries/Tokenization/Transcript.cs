using System.Text;
using System.Text.RegularExpressions;

namespace Rlhf.Tokenization;

/// <summary>
/// The plain-text form of a conversation, as in HH-RLHF (Bai et al. 2022, arXiv:2204.05862): turns under "Human:" and
/// "Assistant:", a blank line before each.
/// </summary>
public static partial class Transcript
{
    /// <summary>Stands before a user's turn.</summary>
    public const string HumanMark = "\n\nHuman:";

    /// <summary>Stands before an assistant's turn.</summary>
    public const string AssistantMark = "\n\nAssistant:";

    /// <summary>Renders the turns, ready for the assistant to speak.</summary>
    /// <param name="turns">At least one turn; a system turn may only come first.</param>
    /// <returns>Text that ends in <see cref="AssistantMark"/>.</returns>
    /// <exception cref="ArgumentException">There are no turns, a role is unknown, or a turn is empty.</exception>
    public static string Render(IReadOnlyList<ConversationTurn> turns) => RenderTurns(turns) + AssistantMark;

    /// <summary>Renders the turns as they are, ending with the last one's content.</summary>
    /// <inheritdoc cref="Render" path="/param"/>
    /// <inheritdoc cref="Render" path="/exception"/>
    public static string RenderTurns(IReadOnlyList<ConversationTurn> turns)
    {
        Require(turns);
        var text = new StringBuilder();
        for (var i = 0; i < turns.Count; i++)
        {
            text.Append(Mark(turns[i].Role)).Append(turns[i].Content.Trim());
        }

        return text.ToString();
    }

    /// <summary>Reads the turns of a transcript: what <see cref="Render"/> and <see cref="RenderTurns"/> wrote.</summary>
    /// <param name="text">Text before the first mark is a system turn; a mark with nothing after it at the very end is none.</param>
    /// <returns>The turns, their contents trimmed; none where there is no mark. A turn within the text may be empty.</returns>
    public static IReadOnlyList<ConversationTurn> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var marks = MarkPattern().Matches(text);
        var turns = new List<ConversationTurn>();
        if (marks.Count > 0 && text[..marks[0].Index].Trim() is { Length: > 0 } system)
        {
            turns.Add(new ConversationTurn("system", system));
        }

        foreach (var (i, mark) in marks.Index())
        {
            var content = text[(mark.Index + mark.Length)..(i + 1 < marks.Count ? marks[i + 1].Index : text.Length)].Trim();
            if (content.Length > 0 || i + 1 < marks.Count)
            {
                turns.Add(new ConversationTurn(mark.Value == HumanMark ? "user" : "assistant", content));
            }
        }

        return turns;
    }

    /// <summary>Checks what holds for conversations in any form.</summary>
    /// <inheritdoc cref="Render" path="/exception"/>
    internal static void Require(IReadOnlyList<ConversationTurn> turns)
    {
        if (turns.Count == 0)
        {
            throw new ArgumentException("A conversation needs at least one turn.", nameof(turns));
        }

        foreach (var (i, turn) in turns.Index())
        {
            if (string.IsNullOrWhiteSpace(turn.Content))
            {
                throw new ArgumentException($"Turn {i + 1} of the conversation is empty.", nameof(turns));
            }

            if (turn.Role is not ("user" or "assistant" or "system"))
            {
                throw new ArgumentException($"Turn {i + 1} has the role \"{turn.Role}\"; use \"system\", \"user\" or \"assistant\".");
            }

            if (turn.Role == "system" && i > 0)
            {
                throw new ArgumentException($"Turn {i + 1} has the role \"system\", which may only come first.");
            }
        }
    }

    [GeneratedRegex($"(?:{HumanMark}|{AssistantMark})")]
    private static partial Regex MarkPattern();

    private static string Mark(string role) => role switch
    {
        "user" => HumanMark + " ",
        "assistant" => AssistantMark + " ",
        _ => "",
    };
}
