namespace Rlhf.Learner.Tests;

/// <summary>
/// Tests that run beside no other. TorchSharp does not keep a Scalar alive while native code reads it: garbage that another thread
/// makes by the megabyte lets the finalizer free it too early, and an operation fails with "Unknown scalar type" now and then.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunsAlone
{
    public const string Name = "alone";
}
