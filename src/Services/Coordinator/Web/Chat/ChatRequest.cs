using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Web.Chat;

/// <summary>A page asks a version to answer.</summary>
/// <param name="Version">A policy version, or "base".</param>
/// <param name="RewardModel">Who scores the answer; empty for nobody.</param>
/// <param name="Messages">The conversation; its last turn is the user's.</param>
/// <param name="Temperature">Divides the logits; 0 is greedy.</param>
/// <param name="MaxNewTokens">The answer's length at most.</param>
/// <param name="Seed">The same seed, conversation and version give the same answer.</param>
internal sealed record ChatRequest(
    string Version, string RewardModel, IReadOnlyList<Turn> Messages, float Temperature, int MaxNewTokens, ulong Seed)
{
    /// <summary>Tokens that a page can ask for.</summary>
    public const int MostNewTokens = 2048;

    private const int MostTurns = 200;
    private const int MostLetters = 200_000;

    /// <summary>Checks the bounds.</summary>
    /// <exception cref="ArgumentException">A value is out of them.</exception>
    public void Check()
    {
        if (Messages.Count is 0 or > MostTurns || Messages[^1].Role != "user" || Messages.Any(turn => turn.Role is not ("system" or "user" or "assistant")))
        {
            throw new ArgumentException($"a conversation has 1 to {MostTurns} turns of system, user and assistant, the user's last");
        }

        if (Messages.Sum(turn => turn.Content.Length) > MostLetters)
        {
            throw new ArgumentException($"the conversation has more than {MostLetters} characters");
        }

        if (!(Temperature is >= 0 and <= 5))
        {
            throw new ArgumentException($"the temperature is {Temperature}; it is 0 to 5");
        }

        if (MaxNewTokens is < 1 or > MostNewTokens)
        {
            throw new ArgumentException($"{MaxNewTokens} tokens are asked for; 1 to {MostNewTokens} can be");
        }
    }
}
