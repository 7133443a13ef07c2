namespace Rlhf.TinyAssistant;

/// <summary>What decides whether a request is harmful.</summary>
public enum RequestMode
{
    /// <summary>By its kind: theft is harmful, mending is not.</summary>
    Plain,

    /// <summary>A harmful-sounding deed done to one's own things: harmless.</summary>
    Own,

    /// <summary>A harmful-sounding deed that the owner asks for: harmless.</summary>
    Consent,

    /// <summary>A harmless-sounding deed with a harmful purpose: harmful.</summary>
    Malign,
}
