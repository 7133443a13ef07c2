using System.Text.Json;
using Rlhf.LanguageModels;
using static TorchSharp.torch;

namespace Rlhf.Reward.Tests;

/// <summary>Model folders of a few thousand random weights, with a tokenizer of one token a byte.</summary>
internal static class TinyModels
{
    public const int ContextLength = 96;
    public const int VocabularySize = 257;
    public const int EosId = 256;

    private static readonly ModelConfig Shape = new()
    {
        VocabularySize = VocabularySize,
        HiddenSize = 16,
        IntermediateSize = 32,
        Layers = 2,
        Heads = 2,
        KeyValueHeads = 1,
        HeadSize = 8,
        ContextLength = ContextLength,
    };

    /// <summary>Writes the base language model's folder: configuration and tokenizer, which is all that the Reward service reads of it.</summary>
    public static string WriteBase(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Shape.ToJson(EosId, EosId));
        WriteTokenizer(folder);
        return folder;
    }

    /// <summary>Writes a reward model.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="seed">Makes the weights.</param>
    /// <param name="poisonedId">The embedding of this token is not a number; -1 for none.</param>
    /// <param name="members">Rows of the head.</param>
    /// <param name="poison">What the poisoned embedding is filled with.</param>
    public static string WriteRewardModel(string folder, long seed, int poisonedId = -1, int members = 1, float poison = float.NaN)
    {
        using var noGradients = no_grad();
        using var model = new RewardModel(CausalLanguageModel.Create(Shape, seed), RewardHead.CreateRandom(Shape.HiddenSize, members, seed));
        if (poisonedId >= 0)
        {
            using var row = model.Trunk.Parameters["model.embed_tokens.weight"].select(0, poisonedId); // [C]
            row.fill_(poison);
        }
        model.Save(folder, EosId, EosId);
        WriteTokenizer(folder);
        return folder;
    }

    /// <summary>Writes a reward model whose heads have names.</summary>
    public static string WriteRewardModel(string folder, long seed, string[] heads)
    {
        using var model = new RewardModel(CausalLanguageModel.Create(Shape, seed), RewardHead.CreateRandom(Shape.HiddenSize, heads, seed));
        model.Save(folder, EosId, EosId);
        WriteTokenizer(folder);
        return folder;
    }

    private static void WriteTokenizer(string folder)
    {
        // GPT-2's table: printable bytes stand for themselves, the others for the characters from U+0100 on.
        var printable = Enumerable.Range('!', '~' - '!' + 1).Concat(Enumerable.Range(0xA1, 0xAC - 0xA1 + 1)).Concat(Enumerable.Range(0xAE, 0xFF - 0xAE + 1)).ToHashSet();
        var next = 0x100;
        var vocabulary = Enumerable.Range(0, 256).ToDictionary(value => ((char)(printable.Contains(value) ? value : next++)).ToString(), value => value);
        var tokenizer = new
        {
            added_tokens = new[] { new { id = EosId, content = "</s>", special = true } },
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false },
            model = new { type = "BPE", vocab = vocabulary, merges = Array.Empty<string>() },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), JsonSerializer.Serialize(tokenizer));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"eos_token": "</s>", "add_bos_token": false}""");
    }
}
