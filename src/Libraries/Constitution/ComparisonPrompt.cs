using System.Text;

namespace Rlhf.Constitution;

/// <summary>
/// The text that a model continues with the label of the better of two answers. It ends at a word boundary, so that the
/// labels are the continuations " A" and " B": one token each in byte-level BPE and in SentencePiece alike, and where
/// either needs a leading mark of its own, that mark is the same for both.
/// </summary>
public static class ComparisonPrompt
{
    /// <summary>The continuation that names the answer standing first, without its leading space.</summary>
    public const string LabelA = "A";

    /// <summary>The continuation that names the answer standing second, without its leading space.</summary>
    public const string LabelB = "B";

    /// <summary>Examples, conversation, principle and both options, ending in "\n\nBetter option:".</summary>
    /// <param name="constitution">Its solved comparisons stand first; every second one is shown with the better answer as B.</param>
    /// <param name="principle">One with a comparison wording.</param>
    /// <param name="transcript">The conversation, ending in "\n\nAssistant:".</param>
    /// <param name="optionA">The answer that stands first.</param>
    /// <param name="optionB">The answer that stands second.</param>
    /// <exception cref="ArgumentException">The principle has no comparison, the transcript ends otherwise, or an answer is empty.</exception>
    public static string Render(ConstitutionFile constitution, Principle principle, string transcript, string optionA, string optionB)
    {
        ArgumentNullException.ThrowIfNull(constitution);
        ArgumentNullException.ThrowIfNull(principle);
        var comparison = principle.Comparison
            ?? throw new ArgumentException($"the principle \"{principle.Id}\" has no comparison; draw one of ComparisonPrinciples", nameof(principle));
        var prompt = new StringBuilder();
        foreach (var (index, example) in constitution.ComparisonExamples.Index())
        {
            var betterIsFirst = index % 2 == 0;
            var (first, second) = betterIsFirst ? (example.Better, example.Worse) : (example.Worse, example.Better);
            prompt.Append(RenderOne(example.Comparison ?? comparison, example.Transcript, first, second))
                .Append(' ').Append(betterIsFirst ? LabelA : LabelB);
        }

        return prompt.Append(RenderOne(comparison, transcript, optionA, optionB)).ToString();
    }

    /// <summary>SHA-256 of the template with the constitution's examples, lower-case hex; the drawn principle is not part of it.</summary>
    public static string TemplateHash(ConstitutionFile constitution) =>
        PromptParts.Hash(Render(constitution, PromptParts.Placeholder, PromptParts.PlaceholderTranscript, "{optionA}", "{optionB}"));

    private static string RenderOne(string comparison, string transcript, string optionA, string optionB)
    {
        PromptParts.CheckTranscript(transcript);
        var conversation = transcript[..^RoleMarks.Assistant.Length];
        return $"{conversation}{RoleMarks.ComparisonRequest} {comparison}"
            + $"{RoleMarks.OptionA} {PromptParts.CheckText(optionA, nameof(optionA))}"
            + $"{RoleMarks.OptionB} {PromptParts.CheckText(optionB, nameof(optionB))}{RoleMarks.Choice}";
    }
}
