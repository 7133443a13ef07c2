using Rlhf.Coordinator.Ratings;

namespace Rlhf.Coordinator.Web.Standings;

/// <summary>The answers to one prompt, rated.</summary>
/// <param name="PromptId">The prompt.</param>
/// <param name="Prompt">Its last turn.</param>
/// <param name="Answers">The answers by id, the best first.</param>
/// <param name="Texts">Their texts and versions, by id.</param>
internal sealed record PromptStandings(
    string PromptId, string Prompt, IReadOnlyList<RatedPlayer> Answers, IReadOnlyDictionary<string, (string Text, string Version)> Texts);
