namespace Rlhf.Coordinator.Ratings;

/// <summary>A player with its ratings, all on Elo's scale with 1000 in the middle.</summary>
/// <param name="Name">The player.</param>
/// <param name="Elo">Updated game by game.</param>
/// <param name="BradleyTerry">The maximum-likelihood strength.</param>
/// <param name="Low">The lower end of its 95 % interval.</param>
/// <param name="High">The upper end of its 95 % interval.</param>
/// <param name="Games">Comparisons that it took part in.</param>
internal sealed record RatedPlayer(string Name, double Elo, double BradleyTerry, double Low, double High, int Games);
