namespace Rlhf.LanguageModels.Sampling;

/// <summary>How a response is drawn.</summary>
public sealed record SamplingSettings
{
    /// <summary>Divides the logits, 0 to 100; 0 takes the likeliest token.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Nucleus sampling (Holtzman et al. 2020, arXiv:1904.09751), above 0 to 1; 1 is the untruncated distribution.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>The longest response, in tokens, 1 or more.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Texts that end a response, at most 16 of 1 to 256 characters; they are not part of its text.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Tokens that end a response as the end-of-sequence token does, at most 16; they are not part of its text.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>The same seed, prompt and model give the same response, whatever else is in the batch.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and the range.</exception>
    public void Validate()
    {
        if (!(Temperature is >= 0 and <= 100))
        {
            throw new ArgumentException($"temperature is {Temperature}; it must be from 0 to 100.");
        }

        if (!(TopP is > 0 and <= 1))
        {
            throw new ArgumentException($"top_p is {TopP}; it must be above 0 and at most 1.");
        }

        if (MaxNewTokens < 1)
        {
            throw new ArgumentException($"max_new_tokens is {MaxNewTokens}; it must be 1 or more.");
        }

        if (Stop.Count > 16 || Stop.Any(s => s.Length is 0 or > 256))
        {
            throw new ArgumentException("stop takes at most 16 texts of 1 to 256 characters.");
        }

        if (StopTokens.Count > 16 || StopTokens.Any(token => token < 0))
        {
            throw new ArgumentException("stop_token_ids takes at most 16 token ids, none below 0.");
        }
    }
}
