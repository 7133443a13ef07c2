namespace Rlhf.Coordinator.Web;

/// <summary>An answer with its ratings.</summary>
internal sealed record RatedAnswer(string ResponseId, string Text, string Policy, double Elo, double BradleyTerry, int Comparisons);
