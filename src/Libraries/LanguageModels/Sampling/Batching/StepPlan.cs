using System.Runtime.InteropServices;
using Rlhf.LanguageModels.Decoding;

namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>The rows of one step, and who takes the logits.</summary>
internal sealed class StepPlan
{
    private readonly List<DecodingRow> _rows = [];
    private readonly List<Target> _targets = [];

    public int Rows => _rows.Count;

    public void Clear()
    {
        _rows.Clear();
        _targets.Clear();
    }

    /// <summary>Appends some of a prompt's tokens; its group keeps the logits after the last one.</summary>
    public void AddPrompt(PromptGroup group, DecodingSequence sequence, int count)
    {
        var first = sequence.Length;
        for (var i = first; i < first + count; i++)
        {
            _rows.Add(new DecodingRow(sequence, group.Tokens[i], IsAsked: i == group.Tokens.Length - 1));
        }

        if (first + count == group.Tokens.Length)
        {
            _targets.Add(new Target(null, 0, group));
        }
    }

    /// <summary>Appends some of the tokens that a member knows; it takes the logits after each.</summary>
    /// <param name="member">Whose.</param>
    /// <param name="sequence">Prompt and what was appended before.</param>
    /// <param name="first">Place of the first one behind the prompt.</param>
    /// <param name="count">How many.</param>
    public void AddMember(BatchMember member, DecodingSequence sequence, int first, int count)
    {
        for (var place = first; place < first + count; place++)
        {
            _rows.Add(new DecodingRow(sequence, member.TokenAt(place), IsAsked: true));
            _targets.Add(new Target(member, place + 1, null));
        }
    }

    /// <summary>Does the step; every thread hands out its share of the logits.</summary>
    public void Run(DecodingModel model)
    {
        model.Append(CollectionsMarshal.AsSpan(_rows));
        model.OnAllThreads((worker, workers) =>
        {
            for (var i = worker; i < _targets.Count; i += workers)
            {
                _targets[i].Member?.Take(_targets[i].Place, model.Logits(i));
                if (_targets[i].Group is { } group)
                {
                    group.Logits = model.Logits(i).ToArray();
                }
            }
        });
    }

    private readonly record struct Target(BatchMember? Member, int Place, PromptGroup? Group);
}
