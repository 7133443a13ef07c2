using System.Security.Cryptography;
using System.Text;

namespace Rlhf.Constitution;

/// <summary>What the prompts share.</summary>
internal static class PromptParts
{
    public const string PlaceholderTranscript = $"{RoleMarks.Human} {{request}}{RoleMarks.Assistant}";

    /// <summary>Stands for the drawn principle where only the template counts.</summary>
    public static readonly Principle Placeholder = new()
    {
        Id = "{id}",
        CritiqueRequest = "{critiqueRequest}",
        RevisionRequest = "{revisionRequest}",
        Comparison = "{comparison}",
    };

    public static string Block(string example) => "\n\n" + example.Trim();

    public static void CheckTranscript(string transcript)
    {
        ArgumentNullException.ThrowIfNull(transcript);
        if (!transcript.EndsWith(RoleMarks.Assistant, StringComparison.Ordinal))
        {
            throw new ArgumentException("the transcript must end in \"\\n\\nAssistant:\", where the assistant speaks next", nameof(transcript));
        }
    }

    public static string CheckText(string text, string parameter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text, parameter);
        return text.Trim();
    }

    public static string Hash(string template) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(template)));
}
