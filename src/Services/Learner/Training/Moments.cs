using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>What AdamW remembers of one parameter's gradients; changed in place.</summary>
/// <param name="First">Of the parameter's shape, the decaying mean of its gradients.</param>
/// <param name="Second">Of the parameter's shape, the decaying mean of their squares.</param>
/// <param name="Steps">[] float32, how many steps it has made.</param>
internal sealed record Moments(Tensor First, Tensor Second, Tensor Steps) : IDisposable
{
    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
        Steps.Dispose();
    }
}
