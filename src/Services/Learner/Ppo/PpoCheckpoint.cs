using System.Text.Json;

namespace Rlhf.Learner.Ppo;

/// <summary>
/// What a published step has beside its adapter. What training needs besides, the Learner keeps to itself: <see cref="TrainingState"/>.
/// </summary>
/// <param name="Step">Updates of the sampling policy so far.</param>
/// <param name="Beta">Weight of the KL penalty.</param>
/// <param name="ValueHead">Weights of the value head.</param>
internal sealed record PpoCheckpoint(long Step, double Beta, float[] ValueHead)
{
    private const string FileName = "learner_state.json";

    /// <summary>Writes the file.</summary>
    public void Save(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this));

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It is missing or malformed.</exception>
    public static PpoCheckpoint Load(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<PpoCheckpoint>(File.ReadAllText(Path.Combine(folder, FileName)))
                ?? throw new InvalidDataException($"{FileName} is empty.");
        }
        catch (Exception exception) when (exception is JsonException or FileNotFoundException)
        {
            throw new InvalidDataException($"{FileName} of a published step can't be read: {exception.Message}", exception);
        }
    }
}
