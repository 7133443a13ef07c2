using Rlhf.V1;

namespace Rlhf.Clients.Reward;

/// <summary>One answer to score. Made by one of the functions below.</summary>
public sealed record RewardItem
{
    private RewardItem(ScoreItem message) => Message = message;

    internal ScoreItem Message { get; }

    /// <summary>A prompt, continued as it stands, and the response to it.</summary>
    public static RewardItem Text(string prompt, string response) =>
        new(new ScoreItem { Text = new PromptAndResponse { Prompt = prompt, Response = response } });

    /// <summary>A conversation; its last turn is the assistant's and is what is scored.</summary>
    public static RewardItem Conversation(params IEnumerable<ChatTurn> turns) => new(new ScoreItem
    {
        Conversation = new Conversation { Messages = { turns.Select(turn => new ChatMessage { Role = turn.Role, Content = turn.Content }) } },
    });

    /// <summary>Token ids of prompt and response together.</summary>
    /// <param name="tokenIds">They are scored as they are.</param>
    /// <param name="tokenizerHash">Of the tokenizer that made them, as <see cref="RewardServiceInfo.TokenizerHash"/> says it.</param>
    public static RewardItem Tokens(IEnumerable<int> tokenIds, string tokenizerHash) =>
        new(new ScoreItem { Tokens = new TokenSequence { TokenIds = { tokenIds }, TokenizerHash = tokenizerHash } });

    /// <summary>Prompt and response in one text, as it stands; special tokens in it are read as such.</summary>
    public static RewardItem WholeText(string text) => new(new ScoreItem { WholeText = text });
}
