using Microsoft.Extensions.Logging.Abstractions;
using Rlhf.Learner.Checkpoints;

namespace Rlhf.Learner.Tests;

/// <summary>Folders of checkpoints for tests: a checkpoint after every update.</summary>
internal static class KeptFor
{
    public static readonly CheckpointOptions EveryUpdate = new() { UpdatesBetween = 1 };

    public static JobCheckpoints Job(string folder) => new(Path.Combine(folder, "job"), EveryUpdate, "options and data", NullLogger.Instance);
}
