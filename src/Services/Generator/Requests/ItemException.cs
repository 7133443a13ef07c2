using Rlhf.V1;

namespace Rlhf.Generator.Requests;

/// <summary>One item of a batch can't be done; the rest goes on.</summary>
internal sealed class ItemException(ErrorCode code, string message) : Exception(message)
{
    /// <summary>The same as a message.</summary>
    public ItemError Error { get; } = new() { Code = code, Message = message };
}
