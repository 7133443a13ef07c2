namespace Rlhf.LanguageModels.Decoding;

/// <summary>A block's weights where they are stored.</summary>
internal sealed record LayerViews
{
    /// <summary>Queries, keys and values: three layers, or one with the outputs of all.</summary>
    public required IReadOnlyList<LinearView> QueryKeyValue { get; init; }

    /// <summary>Attention's output.</summary>
    public required LinearView Output { get; init; }

    /// <summary>The feed-forward layer's gate and its other input, or the one there is.</summary>
    public required IReadOnlyList<LinearView> Inner { get; init; }

    /// <summary>The feed-forward layer's output.</summary>
    public required LinearView Down { get; init; }

    /// <summary>Before attention.</summary>
    public required NormView AttentionNorm { get; init; }

    /// <summary>Before the feed-forward layer.</summary>
    public required NormView FeedForwardNorm { get; init; }

    /// <summary>Of each head's queries, where the model has it.</summary>
    public required NormView? QueryNorm { get; init; }

    /// <summary>Of each head's keys, where the model has it.</summary>
    public required NormView? KeyNorm { get; init; }

    /// <summary>After attention, where the model has it.</summary>
    public required NormView? AttentionPostNorm { get; init; }

    /// <summary>After the feed-forward layer, where the model has it.</summary>
    public required NormView? FeedForwardPostNorm { get; init; }

    /// <summary>All linear layers.</summary>
    public IEnumerable<LinearView> Linears => [.. QueryKeyValue, Output, .. Inner, Down];
}
