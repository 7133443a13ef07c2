using Rlhf.V1;

namespace Rlhf.TrainingProcess;

/// <summary>Small jobs, one a method.</summary>
internal static class SampleJobs
{
    private const int Items = 40;

    /// <summary>A job and its data.</summary>
    /// <param name="method">"sft", "reward-model", "ppo", or "ppo-of-sft", which begins with the result of the first.</param>
    public static (JobSpecification Specification, JobData Data) Of(string method)
    {
        var specification = new JobSpecification { JobId = $"run/{method}", RunId = "run", Seed = 7, PublishedVersion = $"run/{method}/v1" };
        var data = new JobData();
        switch (method)
        {
            case "sft":
                specification.Supervised = new SupervisedOptions { BatchSize = 4, Epochs = 4 };
                data.Supervised.AddRange(Enumerable.Range(0, Items).Select(i => new SupervisedExample { Prompt = Text(i), Response = Good(i) }));
                break;
            case "reward-model":
                specification.RewardModel = new RewardModelOptions { BatchSize = 4, Epochs = 4 };
                for (var i = 0; i < Items; i++)
                {
                    data.Preferences.Add(new PreferenceExample { Prompt = Text(i), ResponseA = Good(i), ResponseB = Bad(i), PreferenceA = 0.9, HeldOut = i % 5 == 0 });
                    data.Ratings.Add(new RatedExample { Prompt = Text(i), Response = i % 2 == 0 ? Good(i) : Bad(i), Rating = 1000 + (i % 2 == 0 ? 50 : -50), HeldOut = i % 5 == 0 });
                }

                break;
            case "ppo" or "ppo-of-sft":
                specification.InitialVersion = method == "ppo" ? "" : "run/sft/v1";
                specification.Ppo = new PpoOptions
                {
                    Steps = 6,
                    RolloutsPerStep = 16,
                    MaxNewTokens = 12,
                    Epochs = 3,
                    MinibatchSize = 4,
                    KlTarget = 0.5,
                    LearningRate = 0.01,
                    RewardModelVersion = "run/reward/v1",
                };
                data.Prompts.AddRange(Enumerable.Range(0, 7).Select(i => new PromptExample { PromptId = $"p{i}", Prompt = Text(i) }));
                break;
            default:
                throw new ArgumentException($"There is no sample job '{method}'.", nameof(method));
        }

        return (specification, data);
    }

    private static Prompt Text(int i) => new() { Text = (i % 2 == 0 ? "Once upon a time" : "The dog") + $" saw {i}" };

    private static string Good(int i) => string.Join(' ', Enumerable.Repeat("The cat was happy.", 1 + (i % 3)));

    private static string Bad(int i) => string.Join(' ', Enumerable.Repeat("The dog fell down.", 1 + (i % 4)));
}
