using System.CommandLine;

namespace Rlhf.TinyAssistant.Training;

/// <summary>The program's options.</summary>
internal static class CommandLine
{
    public static RootCommand Create()
    {
        var defaults = new TrainingOptions();
        var output = new Option<string>("--out") { Description = "Folder for the model.", Required = true };
        var prompts = new Option<string?>("--prompts") { Description = "Folder for the prompt files; none are written without it." };
        var seed = new Option<int>("--seed") { Description = "Seed of everything.", DefaultValueFactory = _ => defaults.Seed };
        var documents = new Option<int>("--documents") { Description = "Documents of the corpus.", DefaultValueFactory = _ => defaults.Documents };
        var width = new Option<int>("--width") { Description = "Width of the model, a multiple of 32.", DefaultValueFactory = _ => defaults.HiddenSize };
        var layers = new Option<int>("--layers") { Description = "Blocks.", DefaultValueFactory = _ => defaults.Layers };
        var rate = new Option<double>("--learning-rate") { Description = "Peak learning rate.", DefaultValueFactory = _ => defaults.LearningRate };
        var matrixRate = new Option<double>("--matrix-learning-rate") { Description = "Peak learning rate of the projections.", DefaultValueFactory = _ => defaults.MatrixLearningRate };
        var batch = new Option<int>("--batch") { Description = "Documents a step.", DefaultValueFactory = _ => defaults.BatchDocuments };
        var threads = new Option<int>("--threads") { Description = "Processor threads.", DefaultValueFactory = _ => defaults.Threads };
        var command = new RootCommand("Makes the embedded model from a seed: corpus, vocabulary, weights, card.")
        {
            output, prompts, seed, documents, width, layers, rate, matrixRate, batch, threads,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(prompts) is { } folder)
            {
                PromptFiles.Write(folder);
            }

            new ModelMaker(
                defaults with
                {
                    Seed = parsed.GetValue(seed),
                    Documents = parsed.GetValue(documents),
                    HiddenSize = parsed.GetValue(width),
                    Layers = parsed.GetValue(layers),
                    LearningRate = parsed.GetValue(rate),
                    MatrixLearningRate = parsed.GetValue(matrixRate),
                    BatchDocuments = parsed.GetValue(batch),
                    Threads = parsed.GetValue(threads),
                },
                Console.Out).Make(parsed.GetRequiredValue(output));
        });
        return command;
    }
}
