namespace Rlhf.TinyAssistant;

/// <summary>Who may see a goal.</summary>
public enum ContentPart
{
    /// <summary>The base model's corpus.</summary>
    Corpus,

    /// <summary>Prompts that runs train on.</summary>
    Training,

    /// <summary>Prompts that runs are measured on.</summary>
    Evaluation,
}
