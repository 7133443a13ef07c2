using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rlhf.TinyAssistant.Training;

/// <summary>Writes the prompt files that ship with the model.</summary>
internal static class PromptFiles
{
    private const int TrainingOfEach = 400;
    private const int EvaluationOfEach = 200;

    // Not the model's seed: the prompts stay what they are when the model is made anew.
    private const int TrainingSeed = 101;
    private const int EvaluationSeed = 202;

    private static readonly JsonSerializerOptions Layout = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, "training.jsonl"), ContentPart.Training, TrainingOfEach, TrainingSeed);
        Write(Path.Combine(folder, "evaluation.jsonl"), ContentPart.Evaluation, EvaluationOfEach, EvaluationSeed);
    }

    private static void Write(string path, ContentPart part, int ofEach, int seed) => File.WriteAllLines(
        path, PromptWriter.Write(World.Default, part, ofEach, seed).Select(prompt => JsonSerializer.Serialize(prompt, Layout)));
}
