namespace Rlhf.Constitution;

/// <summary>The text that a model continues with a better answer: a critique prompt, its critique and the request to revise.</summary>
public static class RevisionPrompt
{
    /// <summary>Examples, conversation, answer, critique and request, ending in "\n\nRevision:".</summary>
    /// <param name="constitution">Its examples stand first.</param>
    /// <param name="principle">One with a revision request.</param>
    /// <param name="transcript">The conversation, ending in "\n\nAssistant:".</param>
    /// <param name="response">The answer that was criticised.</param>
    /// <param name="critique">What was found wrong with it.</param>
    /// <exception cref="ArgumentException">The principle has no revision request, the transcript ends otherwise, or a text is empty.</exception>
    public static string Render(ConstitutionFile constitution, Principle principle, string transcript, string response, string critique)
    {
        var critiquePrompt = CritiquePrompt.Render(constitution, principle, transcript, response);
        var request = principle.RevisionRequest
            ?? throw new ArgumentException($"the principle \"{principle.Id}\" has no revisionRequest; draw one of RevisionPrinciples", nameof(principle));
        return $"{critiquePrompt} {PromptParts.CheckText(critique, nameof(critique))}{RoleMarks.RevisionRequest} {request}{RoleMarks.Revision}";
    }

    /// <summary>SHA-256 of the template with the constitution's examples, lower-case hex; the drawn principle is not part of it.</summary>
    public static string TemplateHash(ConstitutionFile constitution) =>
        PromptParts.Hash(Render(constitution, PromptParts.Placeholder, PromptParts.PlaceholderTranscript, "{response}", "{critique}"));
}
