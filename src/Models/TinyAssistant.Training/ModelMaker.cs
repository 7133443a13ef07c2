using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Rlhf.Constitution;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;
using Rlhf.Tokenization;
using TorchSharp;

namespace Rlhf.TinyAssistant.Training;

/// <summary>From seed to model folder: corpus, vocabulary, training, measurement, card.</summary>
public sealed class ModelMaker(TrainingOptions options, TextWriter log)
{
    private const int ContextLength = 512;
    private const int HeadSize = 32;

    // The vocabulary is learnt from the first documents; more change nothing but the time it takes.
    private const int VocabularyDocuments = 20_000;

    /// <summary>Writes the folder.</summary>
    public void Make(string folder)
    {
        TorchSharp.torch.set_num_threads(options.Threads);
        var clock = Stopwatch.StartNew();
        var documents = new CorpusWriter(World.Default, ConstitutionFile.Default, ContentPart.Corpus, options.Seed).Write(options.Documents).ToList();
        BpeTrainer.Train(documents.Take(VocabularyDocuments).Select(document => document.Text), options.VocabularySize).Save(folder);
        var tokenizer = TextTokenizer.Load(folder);
        var encoded = documents.ConvertAll(document => EncodedDocument.Encode(tokenizer, document));
        var tokens = encoded.Sum(document => (long)document.Tokens.Length);
        Say($"{documents.Count} documents, {tokens} tokens, longest {encoded.Max(document => document.Tokens.Length)}; {clock.Elapsed.TotalSeconds:F0} s");

        using var model = CausalLanguageModel.Create(Shape(), options.Seed);
        WidenProjections(model);
        Say($"{model.ParameterCount} parameters");
        new Pretraining(model, options).Run(
            encoded, (step, steps, loss) => Say($"step {step} of {steps}, loss {loss:F3}, {clock.Elapsed.TotalSeconds:F0} s"));
        model.Save(folder, bosId: 0, tokenizer.EosId);
        WriteGenerationConfig(folder, tokenizer.EosId);

        using var packed = DecodingModel.Pack(model, options.Threads);
        var abilities = new AbilityMeasurement(packed, tokenizer, World.Default, options.Seed).Measure(Say);
        Say(abilities.ToString());
        ModelCard.Write(folder, options, model.ParameterCount, tokens, clock.Elapsed, abilities);
    }

    /// <summary>
    /// The usual 0.02 is meant for wide models: at this width attention would start out nearly uniform and stay so for
    /// most of the training. 1/√C takes its place.
    /// </summary>
    private static void WidenProjections(CausalLanguageModel model)
    {
        using var noGradients = TorchSharp.torch.no_grad();
        foreach (var (_, weight) in model.Parameters.Where(parameter => parameter.Key.EndsWith("_proj.weight", StringComparison.Ordinal)))
        {
            using Scalar scale = 1 / (Math.Sqrt(model.Config.HiddenSize) * .02);
            weight.mul_(scale);
        }
    }

    private ModelConfig Shape() => new()
    {
        VocabularySize = options.VocabularySize,
        HiddenSize = options.HiddenSize,
        // SwiGLU's width of 8/3, rounded up to a multiple of 32.
        IntermediateSize = ((options.HiddenSize * 8 / 3) + 31) / 32 * 32,
        Layers = options.Layers,
        Heads = options.HiddenSize / HeadSize,
        KeyValueHeads = options.HiddenSize / HeadSize,
        HeadSize = HeadSize,
        ContextLength = ContextLength,
        HasTiedHead = true,
    };

    private static void WriteGenerationConfig(string folder, int eosId) => File.WriteAllText(
        Path.Combine(folder, "generation_config.json"),
        new JsonObject { ["bos_token_id"] = 0, ["eos_token_id"] = eosId, ["do_sample"] = true, ["temperature"] = 1.0, ["max_new_tokens"] = 48 }
            .ToJsonString(new() { WriteIndented = true }) + "\n");

    private void Say(string line) => log.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
