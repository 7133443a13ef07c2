using System.Diagnostics;
using System.Globalization;
using Rlhf.Benchmarks.HhReward;
using Rlhf.Constitution;
using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.Learner.Training;
using Rlhf.TinyAssistant;
using Rlhf.Tokenization;

namespace Rlhf.Benchmarks;

/// <summary>Fine-tuning steps on texts of their own lengths: sequences packed into rows, and padded in groups of like length.</summary>
internal static class PackingBenchmark
{
    private const int BatchSize = 16;
    private const int WarmUpBatches = 3;
    private const int Batches = 25;
    private const int Documents = 2000;

    /// <summary>Prints the texts' table.</summary>
    /// <param name="config">The model's shape; texts over its context are left out.</param>
    /// <param name="hhFolder">Folder of HH-RLHF's files; null leaves them out.</param>
    public static void Run(ModelConfig config, string? hhFolder)
    {
        Console.WriteLine($"Fine-tuning on texts, {BatchSize} of like length an update, {Batches} updates both ways in turn");
        Console.WriteLine("| texts | tokens, mean (longest) | padding of the groups | groups, tokens/s | packed, tokens/s | packed to groups |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var corpus = new CorpusWriter(World.Default, ConstitutionFile.Default, ContentPart.Corpus, seed: 1).Write(Documents);
        Report("TinyAssistant's corpus", config, [.. corpus.Select(document => (document.Segments[0].Text, string.Concat(document.Segments.Skip(1).Select(segment => segment.Text))))]);
        if (hhFolder is not null)
        {
            Report("HH-RLHF, dev-train, chosen", config, [.. HhPair.Read(hhFolder, "dev-train", _ => { }).Select(pair => (pair.Prompt, " " + pair.Chosen.TrimStart()))]);
        }
    }

    private static void Report(string name, ModelConfig config, IReadOnlyList<(string Prompt, string Response)> texts)
    {
        var examples = Encode(texts, config);
        var lengths = examples.Select(example => example.TokenIds.Length).ToArray();
        var batches = Minibatches.Epoch(lengths, BatchSize, new Random(1)).Where(batch => batch.Length == BatchSize).Take(WarmUpBatches + Batches).ToArray();
        using var model = CausalLanguageModel.Create(config, seed: 1);
        model.SetTrainable(true);
        using var optimizer = new AdamWOptimizer(new ParameterGroup(model.Parameters.Values, 1e-4, weightDecay: 0.01));
        var (padded, packed) = (0.0, 0.0);
        foreach (var (index, batch) in batches.Index())
        {
            var (slow, fast) = (Seconds(batch, isPacked: false), Seconds(batch, isPacked: true));
            if (index >= WarmUpBatches)
            {
                (padded, packed) = (padded + slow, packed + fast);
            }
        }

        var measured = batches[WarmUpBatches..];
        var tokens = measured.SelectMany(batch => batch).Sum(item => (double)lengths[item]);
        var computed = measured.SelectMany(batch => Minibatches.Parts(batch, lengths)).Sum(part => (double)part.Length * part.Max(item => lengths[item]));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {lengths.Average():F0} ({lengths.Max()}) | {(computed / tokens) - 1:P1} | {tokens / padded:F0} | {tokens / packed:F0} | {padded / packed:F2} |"));

        double Seconds(int[] batch, bool isPacked)
        {
            var since = Stopwatch.GetTimestamp();
            var loss = SupervisedTrainer.Backward(model, batch, examples, lengths, isPacked);
            Update.Apply(optimizer, 1, loss, () => "the benchmark");
            return Stopwatch.GetElapsedTime(since).TotalSeconds;
        }
    }

    private static EncodedExample[] Encode(IReadOnlyList<(string Prompt, string Response)> texts, ModelConfig config)
    {
        var folder = Directory.CreateTempSubdirectory("rlhf-packing-").FullName;
        try
        {
            BpeTrainer.Train(texts.Select(text => text.Prompt + text.Response), config.VocabularySize).Save(folder);
            var tokenizer = TextTokenizer.Load(folder);
            return
            [
                .. texts.Select(text => (Prompt: tokenizer.Encode(text.Prompt), Response: tokenizer.EncodeContinuation(text.Response)))
                    .Select(ids => new EncodedExample([.. ids.Prompt, .. ids.Response, tokenizer.EosId], ids.Prompt.Length))
                    .Where(example => example.TokenIds.Length <= config.ContextLength),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
