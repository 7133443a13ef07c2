using System.ComponentModel.DataAnnotations;
using Rlhf.Learner.CommandLine.Rewards;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>Where the scores of responses come from: exactly one of a reward model, a program, and a named rule.</summary>
internal sealed record RewardSource : IValidatableObject
{
    /// <summary>A reward model's folder, such as one that <c>train reward</c> has written.</summary>
    public string Model { get; init; } = "";

    /// <summary>The reward model's head that scores, where it has one for each source, by its name; empty is all together.</summary>
    public string Head { get; init; } = "";

    /// <summary>A program and its arguments. It gets {"prompt": …, "response": …} a line, and answers a number a line.</summary>
    public string[] Command { get; init; } = [];

    /// <summary>A rule by its name: share-of-short-sentences.</summary>
    public string Rule { get; init; } = "";

    /// <summary>The most words that a short sentence has.</summary>
    [Range(1, 1000)]
    public int Words { get; init; } = 8;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if ((Model.Length > 0 ? 1 : 0) + (Command.Length > 0 ? 1 : 0) + (Rule.Length > 0 ? 1 : 0) != 1)
        {
            yield return new ValidationResult("exactly one of model, command and rule is needed");
        }

        if (Model.Length > 0 && !Directory.Exists(Model))
        {
            yield return new ValidationResult($"there is no folder '{Model}'", [nameof(Model)]);
        }

        if (Head.Length > 0 && Model.Length == 0)
        {
            yield return new ValidationResult("only a reward model has heads; give it under model, or leave head out", [nameof(Head)]);
        }

        if (Rule.Length > 0 && Rule != ShortSentences.Name)
        {
            yield return new ValidationResult($"there is no rule '{Rule}'; there is: {ShortSentences.Name}", [nameof(Rule)]);
        }
    }
}
