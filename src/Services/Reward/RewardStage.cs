namespace Rlhf.Reward;

/// <summary>What a call spends its time on.</summary>
internal enum RewardStage
{
    /// <summary>Texts to token ids.</summary>
    Tokenise,

    /// <summary>Looking scores up.</summary>
    Cache,

    /// <summary>Waiting for a pass.</summary>
    Queue,

    /// <summary>The pass through the model.</summary>
    Pass,

    /// <summary>All of it.</summary>
    Call,
}
