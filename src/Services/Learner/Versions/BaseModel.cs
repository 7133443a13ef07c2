using Rlhf.LanguageModels;
using Rlhf.ServiceDefaults;
using Rlhf.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Learner.Versions;

/// <summary>Version "base": the model folder that this service was given, checked when the service starts.</summary>
internal sealed class BaseModel
{
    // What a folder in Hugging Face layout needs beside weights and config.json to stand alone.
    private static readonly string[] s_companions =
    [
        "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "chat_template.jinja",
    ];

    /// <summary>The same on the processor.</summary>
    /// <exception cref="StartupException">A file is missing, malformed or unsupported.</exception>
    public BaseModel(ModelOptions options)
        : this(options, new TorchOptions())
    {
    }

    /// <summary>Reads configuration and tokenizer, and loads the weights once to see that they are whole and fit the device.</summary>
    /// <exception cref="StartupException">A file is missing, malformed or unsupported, or the device can't be used.</exception>
    public BaseModel(ModelOptions options, TorchOptions torch)
    {
        Folder = options.Path;
        try
        {
            Tokenizer = TextTokenizer.Load(Folder);
            Device = TensorDevice.Find(torch.Device);
            using var model = CausalLanguageModel.Load(Folder, device: Device);
            Config = model.Config;
        }
        catch (Exception exception) when (exception is InvalidDataException or DeviceUnavailableException)
        {
            throw new StartupException(exception.Message, exception);
        }
    }

    /// <summary>Where models are trained; null is the processor.</summary>
    public Device? Device { get; }

    /// <summary>The model's folder.</summary>
    public string Folder { get; }

    /// <summary>Its shape; every version has the same.</summary>
    public ModelConfig Config { get; }

    /// <summary>Its tokenizer; every version has the same.</summary>
    public TextTokenizer Tokenizer { get; }

    /// <summary>The token that a config.json names as the first of a text.</summary>
    public int BosId => Tokenizer.BosId ?? Tokenizer.EosId;

    /// <summary>Copies the tokenizer's files, and what says where a response ends, beside saved weights.</summary>
    public void CopyTokenizer(string folder)
    {
        foreach (var name in s_companions.Where(name => File.Exists(Path.Combine(Folder, name))))
        {
            File.Copy(Path.Combine(Folder, name), Path.Combine(folder, name));
        }
    }
}
