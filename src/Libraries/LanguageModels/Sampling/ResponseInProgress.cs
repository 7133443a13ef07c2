using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>A response that is being drawn.</summary>
internal sealed class ResponseInProgress(SampleRequest request, TextTokenizer tokenizer, int contextLength, bool isHeard = false)
{
    private readonly List<int> _tokens = [];
    private readonly List<float> _logprobs = [];

    // Only where somebody needs the text before the end.
    private readonly GrowingText? _text = isHeard || request.Settings.Stop.Count > 0
        ? new GrowingText(tokenizer, request.PromptTokens[^1], request.Settings.Stop)
        : null;

    public SampleRequest Request => request;

    public int MaxNewTokens { get; } = Math.Min(request.Settings.MaxNewTokens, contextLength - request.PromptTokens.Length);

    public int Count => _tokens.Count;

    public int Last => _tokens[^1];

    public FinishKind? Finish { get; private set; }

    public bool IsFinished => Finish is not null;

    public int TokenAt(int place) => _tokens[place];

    /// <summary>Takes the next token.</summary>
    /// <returns>Text that is certain now and was not before; empty where nobody needs it yet.</returns>
    public string Add(int token, float logprob)
    {
        _tokens.Add(token);
        _logprobs.Add(logprob);
        var isEnd = tokenizer.EndIds.Contains(token);
        var isStop = !isEnd && request.Settings.StopTokens.Contains(token);
        var text = isEnd || isStop ? "" : _text?.Append(token) ?? "";
        Finish = isEnd ? FinishKind.EndOfSequence
            : isStop || _text is { IsStopped: true } ? FinishKind.Stop
            : _tokens.Count == MaxNewTokens ? FinishKind.Length
            : null;
        return IsFinished ? text + _text?.Flush() : text;
    }

    public SampledSequence Result()
    {
        var text = _text?.Text ?? tokenizer.Decode(_tokens.Where(token => !tokenizer.EndIds.Contains(token) && !request.Settings.StopTokens.Contains(token)));
        return new SampledSequence([.. _tokens], [.. _logprobs], text.Trim(), Finish ?? FinishKind.Length);
    }

    /// <exception cref="ArgumentException">A setting is out of range, or the prompt is empty or leaves no room in the context.</exception>
    public static void Check(SampleRequest request, int contextLength)
    {
        request.Settings.Validate();
        if (request.PromptTokens.Length == 0 || request.PromptTokens.Length >= contextLength)
        {
            throw new ArgumentException($"A prompt has {request.PromptTokens.Length} tokens; 1 to {contextLength - 1} fit the context.", nameof(request));
        }
    }
}
