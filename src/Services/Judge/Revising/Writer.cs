using Rlhf.Constitution;
using Rlhf.Judge.Generating;
using Rlhf.V1;
using Principle = Rlhf.Constitution.Principle;

namespace Rlhf.Judge.Revising;

/// <summary>Has the language model write answers, critiques and revisions.</summary>
internal sealed class Writer(GeneratorPool generator, ConstitutionFile constitution, JudgeOptions options)
{
    /// <summary>Answers a conversation.</summary>
    /// <exception cref="ItemFailedException">The pool failed the item, or nothing readable was sampled.</exception>
    public Task<string> AnswerAsync(Conversation conversation, WritingOptions writing, CancellationToken cancellationToken) =>
        WriteAsync(new Prompt { Conversation = conversation }, "answer", writing, cancellationToken);

    /// <summary>Criticises a response under a principle.</summary>
    /// <exception cref="ItemFailedException">The pool failed the item, or nothing readable was sampled.</exception>
    /// <exception cref="ArgumentException">The principle has no critique request, or a text is empty.</exception>
    public Task<string> CritiqueAsync(
        Principle principle, string transcript, string response, WritingOptions writing, CancellationToken cancellationToken) =>
        WriteAsync(new Prompt { Text = CritiquePrompt.Render(constitution, principle, transcript, response) }, "critique", writing, cancellationToken);

    /// <summary>Rewrites a response after its critique.</summary>
    /// <exception cref="ItemFailedException">The pool failed the item, or nothing readable was sampled.</exception>
    /// <exception cref="ArgumentException">The principle has no revision request, or a text is empty.</exception>
    public Task<string> ReviseAsync(
        Principle principle, string transcript, string response, string critique, WritingOptions writing, CancellationToken cancellationToken) =>
        WriteAsync(new Prompt { Text = RevisionPrompt.Render(constitution, principle, transcript, response, critique) }, "revision", writing, cancellationToken);

    private async Task<string> WriteAsync(Prompt prompt, string purpose, WritingOptions writing, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < options.MaxSamplingAttempts; attempt++)
        {
            var sampling = new SamplingOptions
            {
                Temperature = options.Temperature,
                MaxNewTokens = writing.MaxNewTokens,
                Seed = DerivedSeed.Of(writing.Seed, purpose, attempt),
                Stop = { RoleMarks.All },
            };
            var sampled = await generator.SampleAsync(prompt, writing.Version, sampling, cancellationToken);
            if (SampledText.TryRead(sampled, out var text))
            {
                return text;
            }
        }
        throw new ItemFailedException(ErrorCode.Unparsable, $"the model wrote an empty {purpose} {options.MaxSamplingAttempts} times");
    }
}
