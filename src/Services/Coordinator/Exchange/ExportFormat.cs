namespace Rlhf.Coordinator.Exchange;

/// <summary>The forms in which a run is given away, one JSON object a line.</summary>
internal enum ExportFormat
{
    /// <summary>Everything the ledger has of the run.</summary>
    Native,

    /// <summary>TRL's preferences, with the prompt and both answers as chat messages.</summary>
    Trl,

    /// <summary>TRL's preferences as texts: a prompt of several turns as a transcript.</summary>
    TrlText,

    /// <summary>HH-RLHF's pairs of transcripts.</summary>
    Hh,
}
