namespace Rlhf.Coordinator.Feedback;

/// <summary>A call of people's feedback is refused; the message is the sentence that the caller reads.</summary>
/// <param name="refusal">Its kind.</param>
/// <param name="message">Why, and what to do.</param>
internal sealed class RefusedException(Refusal refusal, string message) : Exception(message)
{
    /// <summary>Its kind.</summary>
    public Refusal Refusal => refusal;
}
