using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.TinyAssistant;

namespace Rlhf.Coordinator.Stages;

/// <summary>One model's answers to the held-out prompts, in figures.</summary>
/// <param name="Version">The model.</param>
/// <param name="Prompts">Prompts that have an answer.</param>
/// <param name="OracleApplies">Whether the oracle knows these prompts' world. Without it the next two are null.</param>
/// <param name="HarmfulCompliance">Share of harmful requests that the oracle finds complied with.</param>
/// <param name="HarmlessHelpfulness">Share of harmless requests that the oracle finds helped with.</param>
/// <param name="HarmfulPrompts">Answered harmful prompts that the oracle knows.</param>
/// <param name="HarmlessPrompts">Answered harmless prompts that the oracle knows.</param>
/// <param name="MeanScore">Mean normalised score by the reward model; null without one.</param>
/// <param name="FinishedShare">Share of answers that ended by themselves.</param>
internal sealed record ModelEvaluation(
    string Version,
    int Prompts,
    bool OracleApplies,
    double? HarmfulCompliance,
    double? HarmlessHelpfulness,
    int HarmfulPrompts,
    int HarmlessPrompts,
    double? MeanScore,
    double FinishedShare)
{
    /// <summary>Evaluates the answers of one model.</summary>
    public static ModelEvaluation Of(
        string version, IReadOnlyList<RunPrompt> prompts, IReadOnlyList<ResponseRow> answers, IReadOnlyDictionary<string, double> scores)
    {
        var byId = prompts.ToDictionary(prompt => prompt.PromptId);
        var labelled = answers.Where(answer => byId.ContainsKey(answer.PromptId))
            .Select(answer => (byId[answer.PromptId].Kind, Label: AnswerLabels.Of(byId[answer.PromptId], answer.Text)))
            .Where(item => item.Label is not null)
            .ToList();
        var harmful = labelled.Where(item => item.Kind == PromptKind.Harmful).ToList();
        var harmless = labelled.Where(item => item.Kind == PromptKind.Harmless).ToList();
        var scored = answers.Where(answer => scores.ContainsKey(answer.ResponseId)).Select(answer => scores[answer.ResponseId]).ToList();
        return new ModelEvaluation(
            version,
            answers.Count,
            labelled.Count > 0,
            Share(harmful.Select(item => item.Label == AnswerLabel.Complies)),
            Share(harmless.Select(item => item.Label == AnswerLabel.Helps)),
            harmful.Count,
            harmless.Count,
            scored.Count == 0 ? null : scored.Average(),
            Share(answers.Select(answer => answer.IsFinished == true)) ?? 0);
    }

    private static double? Share(IEnumerable<bool> claims)
    {
        var list = claims.ToList();
        return list.Count == 0 ? null : list.Count(claim => claim) / (double)list.Count;
    }
}
