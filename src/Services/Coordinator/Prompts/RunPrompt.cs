using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Rlhf.Coordinator.Prompts;

/// <summary>A prompt: a conversation in which the assistant speaks next.</summary>
internal sealed record RunPrompt(string PromptId, PromptKind Kind, IReadOnlyList<Turn> Turns, bool IsEvaluation = false)
{
    /// <summary>The last turn's text: what oracles and pages show.</summary>
    public string Text => Turns[^1].Content;

    /// <summary>SHA-256 of the turns: the same content has the same hash in every file.</summary>
    public static byte[] HashOf(IReadOnlyList<Turn> turns) => SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(turns)));

    /// <summary>The id of a prompt whose file gives none.</summary>
    public static string IdOf(IReadOnlyList<Turn> turns) => "p-" + Convert.ToHexStringLower(HashOf(turns).AsSpan(0, 6));
}
