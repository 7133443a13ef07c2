using Rlhf.LanguageModels.Decoding;

namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>The requests of one kind, in their order of arrival: waiting, with their prompt under way, and running.</summary>
/// <param name="model">Makes the sequences.</param>
/// <param name="budget">What they may take; shared with the other kind.</param>
/// <param name="maxMembers">Members that run at a time.</param>
internal sealed class BatchLane(DecodingModel model, KeyValueBudget budget, int maxMembers)
{
    private readonly Dictionary<int[], PromptGroup> _newest = new(TokensComparer.Instance);
    private readonly Queue<PromptGroup> _waiting = new();
    private readonly List<PromptGroup> _admitted = [];
    private readonly List<RunningMember> _running = [];

    public bool IsEmpty => _waiting.Count + _admitted.Count + _running.Count == 0;

    /// <summary>Members that run.</summary>
    public int Running => _running.Count;

    /// <summary>Rows that running members could have in the next step.</summary>
    public int MemberRowsWanted => _running.Sum(running => running.RowsWanted);

    /// <summary>Rows that prompts could have in the next step.</summary>
    public int PromptRowsWanted => _admitted.Sum(group => group.TokensLeft);

    /// <summary>Whether another prompt should be begun, if there is memory.</summary>
    public bool WantsPrompt => _waiting.Count > 0 && _running.Count + _admitted.Sum(group => group.Waiting.Count) < maxMembers;

    /// <exception cref="RequestTooLargeException">It would never fit.</exception>
    public void Add(BatchMember member)
    {
        var length = member.PromptTokens.Length;
        var pages = budget.PagesBehind(length, member.MaxAppended);
        if (!budget.CanEverHold(budget.PagesOf(length) + pages))
        {
            throw new RequestTooLargeException(
                $"The prompt's {length} tokens and {member.MaxAppended} more need memory for keys and values beyond the {budget.Tokens} tokens there is room for; ask for fewer tokens, or give the model more memory.");
        }

        if (!_newest.TryGetValue(member.PromptTokens, out var group) || !group.CanJoin(pages))
        {
            group = new PromptGroup(member.PromptTokens);
            _newest[member.PromptTokens] = group;
            _waiting.Enqueue(group);
        }

        group.Join(member, pages);
    }

    /// <summary>Lets go of those whose caller has gone.</summary>
    public void DropCancelled() => ReleaseAll(running => running.Member.IsCancelled);

    /// <summary>Begins the prompt that has waited longest.</summary>
    /// <returns>False where there is no memory for it yet.</returns>
    public bool TryAdmit()
    {
        var group = _waiting.Peek();
        if (!IsAbandoned(group))
        {
            if (!budget.TryTake(budget.PagesOf(group.Tokens.Length) + group.LargestMember))
            {
                return false;
            }

            group.Admit(model.NewSequence());
            _admitted.Add(group);
        }
        else
        {
            Forget(group);
        }

        _waiting.Dequeue();
        return true;
    }

    /// <summary>Plans rows, those of running members first.</summary>
    public void Plan(StepPlan plan, int rows)
    {
        foreach (var running in _running)
        {
            var count = Math.Min(running.RowsWanted, rows);
            if (count > 0 && running.Sequence is { } sequence)
            {
                plan.AddMember(running.Member, sequence, running.Appended, count);
                rows -= count;
            }
        }

        foreach (var group in _admitted)
        {
            var count = Math.Min(group.TokensLeft, rows);
            if (count > 0 && group.Sequence is { } sequence)
            {
                plan.AddPrompt(group, sequence, count);
                rows -= count;
            }
        }
    }

    /// <summary>Begins members whose prompt has run.</summary>
    /// <returns>False where memory was short for one.</returns>
    public bool Begin()
    {
        var begun = new List<Beginning>();
        var hasMemory = true;
        foreach (var group in _admitted)
        {
            while (group.Logits is { } logits && (hasMemory || group.HasSlot)
                && _running.Count + begun.Count < maxMembers && group.Waiting.TryPeek(out var member))
            {
                if (!member.IsCancelled)
                {
                    var pages = group.HasSlot ? group.LargestMember : budget.PagesBehind(group.Tokens.Length, member.MaxAppended);
                    if (!group.HasSlot && !budget.TryTake(pages))
                    {
                        hasMemory = false;
                        break;
                    }

                    begun.Add(new Beginning(member, group, logits, pages, group.HasSlot));
                    group.HasSlot = false;
                }

                group.Waiting.Dequeue();
            }
        }

        TakePromptLogits(begun);
        _running.AddRange(begun.Select(b => new RunningMember(b.Member, b.Group, b.Member.IsFinished ? null : b.Group.Fork(), b.Pages, b.HoldsSlot)));
        _admitted.RemoveAll(RemoveIfAbandoned);
        return hasMemory;
    }

    /// <summary>Tells the askers what is new, and lets go of what is finished.</summary>
    public void Report()
    {
        _running.ForEach(running => running.Member.Report());
        ReleaseAll(running => running.Member.IsFinished);
    }

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        ReleaseAll(_ => true);
        _admitted.ForEach(Remove);
        _admitted.Clear();
        _waiting.Clear();
        _newest.Clear();
    }

    // A prompt's logits serve all its members, and each overwrites what it is given.
    private void TakePromptLogits(List<Beginning> begun)
    {
        if (begun.Count == 0)
        {
            return;
        }

        model.OnAllThreads((worker, workers) =>
        {
            var scratch = new float[model.Config.VocabularySize];
            for (var i = worker; i < begun.Count; i += workers)
            {
                begun[i].Logits.CopyTo(scratch, 0);
                begun[i].Member.Take(0, scratch);
            }
        });
    }

    // The condition is asked once for each: a caller may go at any moment.
    private void ReleaseAll(Predicate<RunningMember> condition) => _running.RemoveAll(running =>
    {
        var isMatch = condition(running);
        if (isMatch)
        {
            Release(running);
        }

        return isMatch;
    });

    private void Release(RunningMember running)
    {
        var group = running.Group;
        if (running.HoldsSlot && group.Waiting.Count > 0)
        {
            group.HasSlot = true;
        }
        else
        {
            budget.GiveBack(running.Pages);
        }

        if (running.Sequence is { } sequence)
        {
            sequence.Dispose();
            LetGo(group);
        }
    }

    private bool RemoveIfAbandoned(PromptGroup group)
    {
        var isAbandoned = IsAbandoned(group);
        if (isAbandoned)
        {
            Remove(group);
        }

        return isAbandoned;
    }

    private void Remove(PromptGroup group)
    {
        budget.GiveBack(group.HasSlot ? group.LargestMember : 0);
        group.HasSlot = false;
        group.Waiting.Clear();
        group.Sequence?.Dispose();
        LetGo(group);
        Forget(group);
    }

    private void LetGo(PromptGroup group)
    {
        if (group.LetGo())
        {
            budget.GiveBack(budget.PagesOf(group.Tokens.Length));
        }
    }

    private void Forget(PromptGroup group)
    {
        if (_newest.TryGetValue(group.Tokens, out var newest) && ReferenceEquals(newest, group))
        {
            _newest.Remove(group.Tokens);
        }
    }

    private static bool IsAbandoned(PromptGroup group) => group.Waiting.All(member => member.IsCancelled);

    private readonly record struct Beginning(BatchMember Member, PromptGroup Group, float[] Logits, long Pages, bool HoldsSlot);
}
