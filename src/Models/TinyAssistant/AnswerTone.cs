namespace Rlhf.TinyAssistant;

/// <summary>How kindly an answer or a refusal begins.</summary>
public enum AnswerTone
{
    /// <summary>Goes straight to the matter, or says no bluntly.</summary>
    Curt,

    /// <summary>Says yes or no in a neutral word.</summary>
    Plain,

    /// <summary>Says that it is glad to help, or sorry not to.</summary>
    Warm,
}
