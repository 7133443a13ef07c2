using Rlhf.LanguageModels.Decoding;
using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>
/// One batch of a model that requests join and leave at every step (Yu et al. 2022, "Orca"). A running response has a row in each
/// step; prompts and given continuations share the other rows, so that a long prompt holds up nobody (Agrawal et al. 2024,
/// "Sarathi-Serve", arXiv:2403.02310). For one thread at a time.
/// </summary>
public sealed class RunningBatch : IDisposable
{
    // Past this, products are bound by arithmetic, and more rows only take more memory.
    private const int MaxResponses = 96;

    // Prompts and continuations whose keys and values are held at a time.
    private const int MaxScored = 64;

    private readonly DecodingModel _model;
    private readonly TextTokenizer _tokenizer;
    private readonly BatchLane _sampling;
    private readonly BatchLane _scoring;
    private readonly StepPlan _plan = new();
    private bool _isMemoryShort;
    private bool _isScoringsTurn;

    /// <param name="model">Stays the caller's.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="keyValueBytes">Memory for keys and values. Sequences wait until there is room for all that they may grow to.</param>
    public RunningBatch(DecodingModel model, TextTokenizer tokenizer, long keyValueBytes)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        (_model, _tokenizer) = (model, tokenizer);
        using var sequence = model.NewSequence();
        var budget = new KeyValueBudget(sequence.Shape, keyValueBytes);
        (_sampling, _scoring) = (new BatchLane(model, budget, MaxResponses), new BatchLane(model, budget, MaxScored));
    }

    /// <summary>Memory of the keys and values of one sequence of so many tokens; they are kept in whole pages.</summary>
    public static long KeyValueBytes(DecodingModel model, int tokens)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var sequence = model.NewSequence();
        var pages = ((long)tokens + sequence.Shape.Positions - 1) / sequence.Shape.Positions;
        return pages * sequence.Shape.PageBytes;
    }

    /// <summary>Whether nothing runs and nothing waits.</summary>
    public bool IsIdle => _sampling.IsEmpty && _scoring.IsEmpty;

    /// <summary>Adds a response to be drawn.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="listener">Hears each token; may be null.</param>
    /// <param name="finished">Gets the response, on the batch's thread. Not called after a cancellation.</param>
    /// <param name="cancellationToken">Its caller's: the response leaves at the next step.</param>
    /// <exception cref="RequestTooLargeException">It would never fit the memory for keys and values.</exception>
    /// <exception cref="ArgumentException">A setting or a token is out of range, or the prompt is empty or leaves no room in the context.</exception>
    public void Add(SampleRequest request, TokenListener? listener, Action<SampledSequence> finished, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ResponseInProgress.Check(request, _model.Config.ContextLength);
        RequireTokens(request.PromptTokens);
        var response = new ResponseInProgress(request, _tokenizer, _model.Config.ContextLength, isHeard: listener is not null);
        _sampling.Add(new ResponseMember(response, listener, finished, cancellationToken));
    }

    /// <summary>Adds a given continuation to be scored.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="temperature">Divides the logits; above 0.</param>
    /// <param name="finished">Gets the natural log-probability of each continuation token, on the batch's thread. Not called after a cancellation.</param>
    /// <param name="cancellationToken">Its caller's.</param>
    /// <exception cref="RequestTooLargeException">It would never fit the memory for keys and values.</exception>
    /// <exception cref="ArgumentException">A part is empty, a token is out of range, the request does not fit the context, or the temperature is not above 0.</exception>
    public void Add(ScoringRequest request, double temperature, Action<float[]> finished, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ScoringRequest.Check([request], temperature, _model.Config.ContextLength);
        RequireTokens(request.PromptTokens);
        RequireTokens(request.ContinuationTokens);
        _scoring.Add(new ScoreMember(request, temperature, finished, cancellationToken));
    }

    /// <summary>Does one step.</summary>
    public StepCounts Step()
    {
        _sampling.DropCancelled();
        _scoring.DropCancelled();
        Admit();
        Plan();
        if (_plan.Rows > 0)
        {
            _plan.Run(_model);
        }

        // Both, whatever the first one says.
        _isMemoryShort = !(_sampling.Begin() & _scoring.Begin());
        var counts = new StepCounts(_plan.Rows, _sampling.Running); // each running response has drawn one token
        _sampling.Report();
        _scoring.Report();
        return counts;
    }

    /// <summary>Lets go of everything that runs or waits, without a word to those who asked.</summary>
    public void Clear()
    {
        _sampling.Clear();
        _scoring.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    // The kind whose turn it is waits for memory, and the other kind with it, so that neither starves. So do new prompts where
    // memory was short for a member of an earlier one.
    private void Admit()
    {
        while (!_isMemoryShort)
        {
            var (first, second) = _isScoringsTurn ? (_scoring, _sampling) : (_sampling, _scoring);
            var lane = first.WantsPrompt ? first : second;
            if (!lane.WantsPrompt || !lane.TryAdmit())
            {
                return;
            }

            _isScoringsTurn = ReferenceEquals(lane, _sampling);
        }
    }

    // Every response goes on. Of the other rows new prompts and scoring have half each; what one doesn't need, the other has.
    private void Plan()
    {
        _plan.Clear();
        var responses = _sampling.MemberRowsWanted;
        var free = DecodingModel.MaxRows - responses;
        var prompts = Math.Min(_sampling.PromptRowsWanted, free);
        var scoring = Math.Min(_scoring.MemberRowsWanted + _scoring.PromptRowsWanted, Math.Max(free / 2, free - prompts));
        _sampling.Plan(_plan, responses + Math.Min(prompts, free - scoring));
        _scoring.Plan(_plan, scoring);
    }

    private void RequireTokens(int[] tokens)
    {
        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)_model.Config.VocabularySize)
            {
                throw new ArgumentException($"The token id {token} is not among the model's {_model.Config.VocabularySize} tokens.", nameof(tokens));
            }
        }
    }
}
