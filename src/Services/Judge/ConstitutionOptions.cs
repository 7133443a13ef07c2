using Rlhf.Constitution;
using Rlhf.ServiceDefaults;

namespace Rlhf.Judge;

/// <summary>Which principles the Judge works under. Configuration section "Constitution".</summary>
internal sealed record ConstitutionOptions
{
    public const string Section = "Constitution";

    /// <summary>A file or folder that <see cref="ConstitutionFile.Load"/> reads; empty for the built-in one.</summary>
    public string Path { get; init; } = "";

    /// <summary>Loads a constitution that can serve all of the Judge's calls.</summary>
    /// <exception cref="StartupException">It can't be read, or has no principle to revise or to compare under.</exception>
    public static ConstitutionFile Load(string path)
    {
        try
        {
            var constitution = string.IsNullOrWhiteSpace(path) ? ConstitutionFile.Default : ConstitutionFile.Load(path);
            return constitution switch
            {
                { RevisionPrinciples.Count: 0 } => throw new StartupException(
                    $"the constitution {path} has no principle with a critiqueRequest and a revisionRequest; add one"),
                { ComparisonPrinciples.Count: 0 } => throw new StartupException(
                    $"the constitution {path} has no principle with a comparison; add one"),
                _ => constitution,
            };
        }
        catch (ConstitutionFileException exception)
        {
            throw new StartupException(exception.Message, exception);
        }
    }
}
