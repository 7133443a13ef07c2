namespace Rlhf.Learner.Jobs;

/// <summary>What a job does, with its data already read and checked.</summary>
internal interface ITrainingMethod
{
    /// <summary>"sft", "reward-model", "ppo" or "dpo".</summary>
    string Name { get; }

    /// <summary>Trains and publishes; runs on the training thread from beginning to end.</summary>
    /// <param name="job">Gets progress, results, and what was published.</param>
    /// <param name="cancellationToken">Ends the job between two updates.</param>
    /// <exception cref="Training.TrainingException">The job can't go on.</exception>
    void Run(TrainingJob job, CancellationToken cancellationToken);
}
