using System.Buffers.Binary;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Prompts;

/// <summary>A run's prompts, in an order drawn from its seed, with those for the evaluation held out.</summary>
internal sealed class PromptSet
{
    private const double EvaluationShare = 0.2;

    /// <summary>Orders the prompts as given.</summary>
    public PromptSet(IReadOnlyList<RunPrompt> prompts)
    {
        All = prompts;
        RedTeam = [.. prompts.Where(prompt => !prompt.IsEvaluation && prompt.Kind != PromptKind.Harmless)];
        Helpful = [.. prompts.Where(prompt => !prompt.IsEvaluation && prompt.Kind != PromptKind.Harmful)];
        Training = [.. prompts.Where(prompt => !prompt.IsEvaluation)];
        Evaluation = [.. prompts.Where(prompt => prompt.IsEvaluation)];
    }

    /// <summary>Every prompt.</summary>
    public IReadOnlyList<RunPrompt> All { get; }

    /// <summary>Prompts to train on that ask for harm, or may.</summary>
    public IReadOnlyList<RunPrompt> RedTeam { get; }

    /// <summary>Prompts to train on that ask for nothing harmful, or may not.</summary>
    public IReadOnlyList<RunPrompt> Helpful { get; }

    /// <summary>All prompts to train on.</summary>
    public IReadOnlyList<RunPrompt> Training { get; }

    /// <summary>Prompts that no stage trains on.</summary>
    public IReadOnlyList<RunPrompt> Evaluation { get; }

    /// <summary>The same prompts in an order that depends on nothing but the seed and their ids.</summary>
    public static IReadOnlyList<RunPrompt> Shuffle(IEnumerable<RunPrompt> prompts, long seed) =>
        [.. prompts.OrderBy(prompt => Seeds.Derive(seed, "order/" + prompt.PromptId))];

    /// <summary>
    /// Holds a fifth of a user's prompts out by their content, so that a prompt is on the same side in every run.
    /// Of two prompts or more, each side gets at least one.
    /// </summary>
    public static IReadOnlyList<RunPrompt> HoldOut(IReadOnlyList<RunPrompt> prompts)
    {
        var byHash = prompts.Select(prompt => (Prompt: prompt, Share: ShareOf(prompt))).OrderBy(item => item.Share).ToList();
        var held = byHash.Count(item => item.Share < EvaluationShare);
        if (byHash.Count > 1)
        {
            held = Math.Clamp(held, 1, byHash.Count - 1);
        }

        return [.. byHash.Select((item, index) => item.Prompt with { IsEvaluation = index < held })];
    }

    private static double ShareOf(RunPrompt prompt) =>
        BinaryPrimitives.ReadUInt32BigEndian(RunPrompt.HashOf(prompt.Turns)) / (uint.MaxValue + 1.0);
}
