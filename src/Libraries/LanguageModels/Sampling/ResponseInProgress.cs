using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>A response that is being drawn.</summary>
internal sealed class ResponseInProgress(int index, SampleRequest request, TextTokenizer tokenizer, int contextLength)
{
    private readonly List<int> _tokens = [];
    private readonly List<float> _logprobs = [];
    private FinishKind? _finish;

    /// <summary>Which of the requests it answers.</summary>
    public int Index => index;

    public SampleRequest Request => request;

    public int MaxNewTokens { get; } = Math.Min(request.Settings.MaxNewTokens, contextLength - request.PromptTokens.Length);

    public int Count => _tokens.Count;

    public int Last => _tokens[^1];

    public bool IsFinished => _finish is not null;

    public void Add(int token, float logprob)
    {
        _tokens.Add(token);
        _logprobs.Add(logprob);
        _finish = token == tokenizer.EosId ? FinishKind.EndOfSequence
            : StopIndex() >= 0 ? FinishKind.Stop
            : _tokens.Count == MaxNewTokens ? FinishKind.Length
            : null;
    }

    public SampledSequence Result()
    {
        var text = tokenizer.Decode(_tokens);
        var stop = StopIndex();
        return new SampledSequence(
            [.. _tokens], [.. _logprobs], (stop >= 0 ? text[..stop] : text).Trim(), _finish ?? FinishKind.Length);
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

    private int StopIndex()
    {
        if (request.Settings.Stop.Count == 0)
        {
            return -1;
        }

        var text = tokenizer.Decode(_tokens);
        return request.Settings.Stop.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
    }
}
