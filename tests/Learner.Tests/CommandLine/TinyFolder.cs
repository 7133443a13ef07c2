using System.Text.Json;
using Rlhf.LanguageModels;
using Rlhf.Learner.CommandLine;

namespace Rlhf.Learner.Tests.CommandLine;

/// <summary>A folder with a model of a few thousand random weights (one token a byte), data files, and the command line's program.</summary>
internal sealed class TinyFolder : IDisposable
{
    private const int EosId = 256;

    public TinyFolder()
    {
        Root = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Root);
    }

    public string Root { get; }

    public string this[string name] => Path.Combine(Root, name);

    /// <summary>Writes "model", a language model in Hugging Face layout.</summary>
    public TinyFolder WithModel()
    {
        using var model = CausalLanguageModel.Create(
            new ModelConfig
            {
                VocabularySize = 257,
                HiddenSize = 16,
                IntermediateSize = 32,
                Layers = 2,
                Heads = 2,
                KeyValueHeads = 1,
                HeadSize = 8,
                ContextLength = 64,
            },
            seed: 1);
        model.Save(this["model"], EosId, EosId);
        // GPT-2's table: printable bytes stand for themselves, the others for the characters from U+0100 on.
        var next = 0x100;
        var vocabulary = Enumerable.Range(0, 256).ToDictionary(
            value => ((char)(value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? value : next++)).ToString(), value => value);
        File.WriteAllText(Path.Combine(this["model"], "tokenizer.json"), JsonSerializer.Serialize(new
        {
            added_tokens = new[] { new { id = EosId, content = "</s>", special = true } },
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false },
            model = new { type = "BPE", vocab = vocabulary, merges = Array.Empty<string>() },
        }));
        File.WriteAllText(Path.Combine(this["model"], "tokenizer_config.json"), """{"eos_token": "</s>", "add_bos_token": false}""");
        return this;
    }

    public string Write(string name, params string[] lines)
    {
        File.WriteAllLines(this[name], lines);
        return this[name];
    }

    /// <summary>Runs a command to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = TrainProgram.Run(["train", .. args], output, error, isTerminal: false, TestContext.Current.CancellationToken);
        return (exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command on a config; it must succeed.</summary>
    public (string Output, JsonElement Record) Train(string method, string output, params string[] config)
    {
        var result = Run(method, "--config", Write(method + ".yaml", [.. config, "model: model", "output: " + output, "threads: 1"]));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return (result.Output, JsonElement.Parse(File.ReadAllText(Path.Combine(this[output], "training.json"))));
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
