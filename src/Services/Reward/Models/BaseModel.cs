using Rlhf.LanguageModels;
using Rlhf.ServiceDefaults;
using Rlhf.Tokenization;

namespace Rlhf.Reward.Models;

/// <summary>What is known of the configured language model: its reward models share tokenizer and context.</summary>
/// <param name="Tokenizer">Its tokenizer, used where a reward model's folder brings none.</param>
/// <param name="ContextLength">Its longest sequence, in tokens.</param>
internal sealed record BaseModel(TextTokenizer Tokenizer, int ContextLength)
{
    /// <exception cref="StartupException">The folder can't be read.</exception>
    public static BaseModel Load(string folder)
    {
        try
        {
            return new BaseModel(TextTokenizer.Load(folder), ModelConfig.Load(folder).ContextLength);
        }
        catch (InvalidDataException exception)
        {
            throw new StartupException(exception.Message, exception);
        }
    }
}
