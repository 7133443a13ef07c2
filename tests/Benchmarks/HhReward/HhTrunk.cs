using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.TinyAssistant;
using Rlhf.TinyAssistant.Training;
using Rlhf.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.HhReward;

/// <summary>
/// The small language model below the reward model, made from the training pairs alone: a vocabulary learnt from their texts, and weights
/// trained to continue both responses of each pair alike, so that nothing of the preference is in them.
/// </summary>
internal sealed class HhTrunk
{
    private const int VocabularySize = 2048;
    private const int HiddenSize = 64;
    private const int Layers = 2;
    private const int HeadSize = 32;

    // A response, and as much of the dialogue before it as fits.
    private const int LongestSequence = 128;

    // After the end of a text stands a note of one token: where the text comes from, or how long its response is. The state at the
    // end, which is what a reward model reads, learns both.
    private const float NoteWeight = 8;
    private const int Epochs = 2;

    private readonly string _folder;
    private readonly TextTokenizer _tokenizer;

    /// <summary>Makes it.</summary>
    /// <param name="pairs">The training pairs.</param>
    /// <param name="folder">Where the model is written, in Hugging Face layout.</param>
    /// <param name="seed">Of the first weights and the order.</param>
    /// <param name="threads">Processor threads.</param>
    /// <param name="say">Told how it goes.</param>
    public HhTrunk(IReadOnlyList<HhPair> pairs, string folder, int seed, int threads, Action<string> say)
    {
        _folder = folder;
        BpeTrainer.Train(pairs.SelectMany(pair => new[] { pair.Prompt + " " + pair.Chosen, " " + pair.Rejected }), VocabularySize).Save(folder);
        _tokenizer = TextTokenizer.Load(folder);
        using var model = CausalLanguageModel.Create(Shape(), seed);
        WidenProjections(model);
        var documents = Documents(pairs);
        say($"trunk: {model.ParameterCount:N0} parameters, {documents.Sum(document => document.Tokens.Length):N0} tokens an epoch, {Epochs} epochs");
        var random = new Random(seed);
        var order = new List<EncodedDocument>();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            var shuffled = documents.ToArray();
            random.Shuffle(shuffled);
            order.AddRange(shuffled);
        }

        new Pretraining(model, new TrainingOptions { Threads = threads }).Run(order, (step, steps, loss) =>
        {
            if (step % 100 == 0 || step == steps)
            {
                say($"trunk: step {step} of {steps}, loss {loss:F3}");
            }
        });
        model.Save(folder, bosId: 0, _tokenizer.EosId);
    }

    /// <summary>A fresh copy of the language model.</summary>
    public CausalLanguageModel Load() => CausalLanguageModel.Load(_folder);

    /// <summary>A prompt and a response, whose front is cut off where they are too long.</summary>
    public EncodedExample Encode(string prompt, string response)
    {
        var before = _tokenizer.Encode(prompt);
        int[] tokens = [.. before, .. _tokenizer.EncodeContinuation(response), _tokenizer.EosId];
        var cut = Math.Max(0, tokens.Length - LongestSequence);
        return new EncodedExample(tokens[cut..], Math.Max(1, before.Length - cut));
    }

    private List<EncodedDocument> Documents(IReadOnlyList<HhPair> pairs) =>
    [
        .. pairs.Index().SelectMany(pair => new[]
        {
            // The prompt is the same for both and learnt once.
            Document(pair.Item, pair.Item.Chosen, promptWeight: 1, hasSource: pair.Index % 2 == 0),
            Document(pair.Item, pair.Item.Rejected, promptWeight: 0, hasSource: pair.Index % 2 == 0),
        }),
    ];

    private EncodedDocument Document(HhPair pair, string response, float promptWeight, bool hasSource)
    {
        var example = Encode(pair.Prompt, response);
        var weights = Enumerable.Range(0, example.TokenIds.Length)
            .Select(i => i == 0 ? 0 : i < example.PromptLength ? promptWeight : 1);
        var note = hasSource
            ? _tokenizer.EncodeContinuation(pair.Source)[0]
            : _tokenizer.Encode($"{LengthClass(_tokenizer.EncodeContinuation(response).Length + 1)}")[^1];
        return new EncodedDocument([.. example.TokenIds, note], [.. weights, NoteWeight]);
    }

    // 0 to 9: each is about 1.6 times as long as the one before.
    private static int LengthClass(int tokens) => Math.Min(9, (int)(1.5 * Math.Log2(1 + (tokens / 4.0))));

    // As for the shipped model: at this width, attention would stay nearly uniform with the usual 0.02.
    private static void WidenProjections(CausalLanguageModel model)
    {
        using var noGradients = no_grad();
        foreach (var (_, weight) in model.Parameters.Where(parameter => parameter.Key.EndsWith("_proj.weight", StringComparison.Ordinal)))
        {
            weight.mul_(1 / (Math.Sqrt(HiddenSize) * 0.02));
        }
    }

    private static ModelConfig Shape() => new()
    {
        VocabularySize = VocabularySize,
        HiddenSize = HiddenSize,
        IntermediateSize = 192, // SwiGLU's width of 8/3, rounded up to a multiple of 32
        Layers = Layers,
        Heads = HiddenSize / HeadSize,
        KeyValueHeads = HiddenSize / HeadSize,
        HeadSize = HeadSize,
        ContextLength = 512,
        HasTiedHead = true,
    };
}
