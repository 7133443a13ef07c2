using System.Runtime.CompilerServices;
using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

/// <summary>Random models small enough to train within a second, and token sequences for them.</summary>
internal static class TinyModels
{
    public const int Vocabulary = 16;
    public const int Eos = 0;

    /// <summary>A random model whose head is large enough for a change of the hidden state to show in the probabilities.</summary>
    public static CausalLanguageModel Create(long seed = 1)
    {
        var model = CausalLanguageModel.Create(
            new ModelConfig
            {
                VocabularySize = Vocabulary,
                HiddenSize = 32,
                IntermediateSize = 64,
                Layers = 2,
                Heads = 4,
                KeyValueHeads = 2,
                HeadSize = 8,
                ContextLength = 32,
            },
            seed);
        using var noGradients = no_grad();
        using Scalar ten = 10;
        model.Parameters["lm_head.weight"].mul_(ten);
        return model;
    }

    [ModuleInitializer]
    internal static void UseOneThread() => set_num_threads(1);

    /// <summary>Random prompts of 2 to 5 tokens with responses of 1 to 8, of different lengths.</summary>
    public static List<EncodedExample> RandomExamples(int count, int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var promptLength = random.Next(2, 6);
                return new EncodedExample([.. Tokens(random, promptLength), .. Tokens(random, random.Next(1, 9))], promptLength);
            }),
        ];
    }

    public static IEnumerable<int> Tokens(Random random, int count) => Enumerable.Range(0, count).Select(_ => random.Next(1, Vocabulary)).ToArray();
}
