using Rlhf.V1;

namespace Rlhf.Reward.Scoring;

/// <summary>An item that can't be scored.</summary>
internal sealed class ItemException(ErrorCode code, string message) : Exception(message)
{
    public ItemError Error => new() { Code = code, Message = Message };
}
