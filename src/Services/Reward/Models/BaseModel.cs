using Rlhf.LanguageModels;
using Rlhf.ServiceDefaults;
using Rlhf.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Reward.Models;

/// <summary>What is known of the configured language model: its reward models share tokenizer and context.</summary>
/// <param name="Tokenizer">Its tokenizer, used where a reward model's folder brings none.</param>
/// <param name="ContextLength">Its longest sequence, in tokens.</param>
/// <param name="Device">Where reward models are; null is the processor.</param>
internal sealed record BaseModel(TextTokenizer Tokenizer, int ContextLength, Device? Device)
{
    /// <exception cref="StartupException">The folder can't be read, or the device can't be used.</exception>
    public static BaseModel Load(string folder, string device)
    {
        try
        {
            return new BaseModel(TextTokenizer.Load(folder), ModelConfig.Load(folder).ContextLength, TensorDevice.Find(device));
        }
        catch (Exception exception) when (exception is InvalidDataException or DeviceUnavailableException)
        {
            throw new StartupException(exception.Message, exception);
        }
    }
}
