namespace Rlhf.Reward.Models;

/// <summary>A caller named a head that the version has not. The version is not to blame.</summary>
internal sealed class UnknownHeadException(string message) : ArgumentException(message, "head")
{
    /// <summary>As it was given, without the parameter's name that .NET appends.</summary>
    public override string Message { get; } = message;
}
