namespace Rlhf.Learner.Training;

/// <summary>How a learning rate changes over a job: a linear rise, then a linear fall to 0.</summary>
internal static class LearningRate
{
    /// <summary>The factor on the peak rate.</summary>
    /// <param name="update">This update, from 0.</param>
    /// <param name="updates">Updates of the job.</param>
    /// <param name="warmUpShare">Share of the updates over which the rate rises.</param>
    public static double Factor(int update, int updates, double warmUpShare)
    {
        var warmUp = warmUpShare * updates;
        return update < warmUp
            ? (update + 1) / (warmUp + 1)
            : (updates - update) / Math.Max(updates - warmUp, 1);
    }
}
