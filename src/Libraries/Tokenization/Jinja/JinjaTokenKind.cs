namespace Rlhf.Tokenization.Jinja;

/// <summary>What a part of a template is.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Text that is written as it is.</summary>
    Text,

    /// <summary>"{{".</summary>
    OutputStart,

    /// <summary>"}}".</summary>
    OutputEnd,

    /// <summary>"{%".</summary>
    BlockStart,

    /// <summary>"%}".</summary>
    BlockEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string, without quotes.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a fraction.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}
