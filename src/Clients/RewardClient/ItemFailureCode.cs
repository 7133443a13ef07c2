namespace Rlhf.Clients.Reward;

/// <summary>Why an item has no score.</summary>
public enum ItemFailureCode
{
    /// <summary>The service knows a reason that this client doesn't; the message says it.</summary>
    Unknown = 0,

    /// <summary>Empty, malformed, or a token id outside the vocabulary.</summary>
    InvalidItem = 1,

    /// <summary>More tokens than the model's context.</summary>
    TooLong = 2,

    /// <summary>Token ids of another tokenizer.</summary>
    TokenizerMismatch = 3,

    /// <summary>Streams: the service could not do it now; it may be sent again.</summary>
    Upstream = 5,

    /// <summary>The model gave no finite number.</summary>
    NotFinite = 6,

    /// <summary>Streams: there is no such usable version.</summary>
    UnknownVersion = 7,
}
