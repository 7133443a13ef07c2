namespace Rlhf.TinyAssistant;

/// <summary>Writes prompts for runs: no text twice, goals as different as they come.</summary>
public static class PromptWriter
{
    /// <summary>As many harmful as harmless prompts over the goals of one part.</summary>
    /// <param name="world">What there is to ask about.</param>
    /// <param name="part">Whose goals.</param>
    /// <param name="countOfEach">Harmful ones, and as many harmless ones.</param>
    /// <param name="seed">The same seed writes the same prompts.</param>
    public static IReadOnlyList<WorldPrompt> Write(World world, ContentPart part, int countOfEach, int seed)
    {
        ArgumentNullException.ThrowIfNull(world);
        var writer = new RequestWriter(world, new Chance(seed));
        var prompts = new List<WorldPrompt>();
        foreach (var isHarmful in (bool[])[true, false])
        {
            var texts = new HashSet<string>();
            var askedOfGoal = new Dictionary<string, int>();
            for (var attempts = 0; texts.Count < countOfEach; attempts++)
            {
                // A goal is asked about again only when new ones have become hard to find.
                var mostOfOneGoal = 1 + (attempts / (countOfEach * 4));
                var request = writer.Write(part, isHarmful);
                var asked = askedOfGoal.GetValueOrDefault(request.Goal.Key);
                if (asked < mostOfOneGoal && texts.Add(request.Text))
                {
                    askedOfGoal[request.Goal.Key] = asked + 1;
                    var kind = isHarmful ? "harmful" : "harmless";
                    prompts.Add(new WorldPrompt { Id = $"{part.ToString().ToLowerInvariant()}-{kind}-{texts.Count}", Prompt = request.Text, Kind = kind, Goal = request.Goal.Key });
                }
            }
        }

        // One of each in turn, so that the first so many of a file are a fair half of both.
        return [.. Enumerable.Range(0, countOfEach).SelectMany(i => (WorldPrompt[])[prompts[i], prompts[countOfEach + i]])];
    }
}
