using Rlhf.V1;

namespace Rlhf.Learner.Tests;

/// <summary>Fine-tuning jobs, small enough for a test.</summary>
internal static class JobSamples
{
    public static JobSpecification FineTuning(string jobId, string publishedVersion) => new()
    {
        JobId = jobId,
        RunId = "run",
        Seed = 7,
        PublishedVersion = publishedVersion,
        Supervised = new SupervisedOptions(),
    };

    /// <summary>That many usable examples, and from twenty on two that are not.</summary>
    public static JobData Stories(int count)
    {
        var data = new JobData();
        for (var i = 0; i < count; i++)
        {
            data.Supervised.Add(new SupervisedExample
            {
                Prompt = new Prompt { Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = $"Tell me about {i} cats" } } } },
                Response = string.Join(' ', Enumerable.Repeat("The cat was happy.", 1 + (i % 3))),
            });
        }

        if (count >= 20)
        {
            data.Supervised.Add(new SupervisedExample { Prompt = new Prompt { Text = "Once" }, Response = new string('x', 3000) });
            data.Supervised.Add(new SupervisedExample { Prompt = new Prompt { Text = "Once" }, Response = "  " });
        }

        return data;
    }
}
