using System.Runtime.CompilerServices;
using System.Text.Json;
using Rlhf.Testing;

namespace Rlhf.LanguageModels.Tests;

/// <summary>The reference model and its numbers.</summary>
internal static class Reference
{
    public const string Stories = "models/stories260K/hf";

    public static JsonElement Json(string fixture) => File(Fixtures.Path(fixture));

    public static JsonElement File(string path)
    {
        using var json = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
        return json.RootElement.Clone();
    }

    // Models this small only wait for more threads.
    [ModuleInitializer]
    internal static void UseOneThread() => TorchSharp.torch.set_num_threads(1);

    public static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    public static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];

    /// <summary>A random model that is quick to run.</summary>
    public static CausalLanguageModel Tiny(long seed = 1) => CausalLanguageModel.Create(
        new ModelConfig
        {
            VocabularySize = 61,
            HiddenSize = 16,
            IntermediateSize = 24,
            Layers = 2,
            Heads = 4,
            KeyValueHeads = 2,
            HeadSize = 4,
            ContextLength = 32,
        },
        seed);
}
