namespace Rlhf.Constitution;

/// <summary>The text that a model continues with a critique of an answer.</summary>
public static class CritiquePrompt
{
    /// <summary>Examples, conversation, answer and request, ending in "\n\nCritique:".</summary>
    /// <param name="constitution">Its examples stand first.</param>
    /// <param name="principle">One with a critique request.</param>
    /// <param name="transcript">The conversation, ending in "\n\nAssistant:".</param>
    /// <param name="response">The answer to be criticised.</param>
    /// <exception cref="ArgumentException">The principle has no critique request, the transcript ends otherwise, or the answer is empty.</exception>
    public static string Render(ConstitutionFile constitution, Principle principle, string transcript, string response)
    {
        ArgumentNullException.ThrowIfNull(constitution);
        ArgumentNullException.ThrowIfNull(principle);
        PromptParts.CheckTranscript(transcript);
        var request = principle.CritiqueRequest
            ?? throw new ArgumentException($"the principle \"{principle.Id}\" has no critiqueRequest; draw one of RevisionPrinciples", nameof(principle));
        var examples = string.Concat(constitution.RevisionExamples.Select(PromptParts.Block));
        return $"{examples}{transcript} {PromptParts.CheckText(response, nameof(response))}{RoleMarks.CritiqueRequest} {request}{RoleMarks.Critique}";
    }

    /// <summary>SHA-256 of the template with the constitution's examples, lower-case hex; the drawn principle is not part of it.</summary>
    public static string TemplateHash(ConstitutionFile constitution) =>
        PromptParts.Hash(Render(constitution, PromptParts.Placeholder, PromptParts.PlaceholderTranscript, "{response}"));
}
