namespace Rlhf.Learner.Rollouts;

/// <summary>Which prompts each step uses: all of them once in random order, then again in another order, and so on.</summary>
/// <typeparam name="T">A prompt.</typeparam>
internal sealed class PromptSchedule<T>(IEnumerable<T> prompts, Random random)
{
    private readonly List<T> _prompts = [.. prompts];
    private readonly Queue<T> _waiting = new();

    /// <summary>The next prompts, all different; fewer than asked for where there are not so many.</summary>
    public IReadOnlyList<T> Next(int count)
    {
        var wanted = Math.Min(count, _prompts.Count);
        var taken = new List<T>(wanted);
        while (taken.Count < wanted)
        {
            if (_waiting.Count == 0)
            {
                // What this step has already comes last in the new round, so that no step has a prompt twice.
                var fresh = _prompts.Except(taken).ToArray();
                random.Shuffle(fresh);
                Refill(fresh.Concat(taken));
            }

            taken.Add(_waiting.Dequeue());
        }

        return taken;
    }

    /// <summary>Takes prompts out for good.</summary>
    public void Remove(Predicate<T> isRemoved)
    {
        _prompts.RemoveAll(isRemoved);
        Refill(_waiting.Where(prompt => !isRemoved(prompt)).ToArray());
    }

    private void Refill(IEnumerable<T> prompts)
    {
        _waiting.Clear();
        foreach (var prompt in prompts)
        {
            _waiting.Enqueue(prompt);
        }
    }
}
