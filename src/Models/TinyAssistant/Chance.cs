namespace Rlhf.TinyAssistant;

/// <summary>Seeded choices, the same on every machine.</summary>
internal sealed class Chance(int seed)
{
    // A seeded System.Random keeps its algorithm across versions and platforms.
    private readonly Random random = new(seed);

    public bool Happens(double probability) => random.NextDouble() < probability;

    public int Below(int limit) => random.Next(limit);

    public T Of<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    public T Weighted<T>(IReadOnlyList<(T Choice, double Weight)> choices)
    {
        var left = random.NextDouble() * choices.Sum(choice => choice.Weight);
        foreach (var (choice, weight) in choices)
        {
            left -= weight;
            if (left < 0)
            {
                return choice;
            }
        }

        return choices[^1].Choice;
    }

    public void Shuffle<T>(List<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = random.Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
