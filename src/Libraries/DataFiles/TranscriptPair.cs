using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.DataFiles;

/// <summary>Two whole texts that begin alike: what they share is the prompt, the rest of each is a response.</summary>
public static class TranscriptPair
{
    /// <summary>
    /// Splits them. Where the shared beginning has an "Assistant:" mark, the prompt ends with the last one; otherwise these are plain
    /// texts, and the prompt ends with the last whole word that they share.
    /// </summary>
    /// <exception cref="RefusedItemException">They share no prompt, or go on to different questions of the user.</exception>
    public static PreferenceRow Split(string chosen, string rejected)
    {
        var shared = chosen.AsSpan().CommonPrefixLength(rejected);
        var mark = chosen.AsSpan(0, shared).LastIndexOf(Transcript.AssistantMark);
        if (mark < 0)
        {
            return IsTranscript(chosen) || IsTranscript(rejected)
                ? throw new RefusedItemException("differing_prompts", "The transcripts differ before the assistant speaks.")
                : SplitPlain(chosen, rejected, shared);
        }

        var end = mark + Transcript.AssistantMark.Length;
        var (a, b) = (chosen[end..], rejected[end..]);
        return HasUserTurn(a) || HasUserTurn(b)
            ? throw new RefusedItemException("differing_prompts", "The transcripts part before the last turn of the user.")
            : new PreferenceRow(new Prompt { Text = chosen[..end] }, a.Trim(), b.Trim());
    }

    private static PreferenceRow SplitPlain(string chosen, string rejected, int shared)
    {
        var isWhole = IsWordEnd(chosen, shared) && IsWordEnd(rejected, shared);
        var end = isWhole ? shared : chosen.AsSpan(0, shared).LastIndexOfAny(" \t\n") + 1;
        var prompt = chosen[..end].TrimEnd();
        return prompt.Length == 0
            ? throw new RefusedItemException("differing_prompts", "The responses share no beginning, and there is no \"prompt\".")
            : new PreferenceRow(new Prompt { Text = prompt }, chosen[end..].Trim(), rejected[end..].Trim());
    }

    private static bool IsWordEnd(string text, int position) => position == text.Length || char.IsWhiteSpace(text[position]);

    private static bool IsTranscript(string text) => text.Contains(Transcript.AssistantMark, StringComparison.Ordinal);

    private static bool HasUserTurn(string text) => text.Contains(Transcript.HumanMark, StringComparison.Ordinal);
}
