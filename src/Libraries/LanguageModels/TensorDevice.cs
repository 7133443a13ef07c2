using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>Where tensors are, by the name that configuration gives it.</summary>
public static class TensorDevice
{
    /// <summary>The processor's name.</summary>
    public const string Processor = "cpu";

    private const string Cuda = "cuda";

    /// <summary>Finds a device, and looks whether it can be used.</summary>
    /// <param name="name">"cpu", "cuda" (the first one) or "cuda:N".</param>
    /// <returns>Null is the processor, as wherever a device is asked for.</returns>
    /// <exception cref="DeviceUnavailableException">There is no such device, or this program was built for the processor only.</exception>
    /// <exception cref="ArgumentException">The name is none of these.</exception>
    public static Device? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == Processor)
        {
            return null;
        }

        var index = name == Cuda ? 0 : -1;
        if (index < 0 && !(name.StartsWith(Cuda + ":", StringComparison.Ordinal) && int.TryParse(name.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new ArgumentException($"There is no device \"{name}\"; use \"cpu\", \"cuda\" or \"cuda:N\".", nameof(name));
        }

        var count = CudaDevices(name);
        return index < count
            ? new Device(TorchSharp.DeviceType.CUDA, index)
            : throw new DeviceUnavailableException($"There is no device \"{name}\": this machine's are cuda:0 to cuda:{count - 1}.");
    }

    // At least one.
    private static int CudaDevices(string name)
    {
        try
        {
            return cuda.is_available() ? cuda.device_count() : throw Unavailable(name, null);
        }
        catch (Exception exception) when (exception is ExternalException or NotSupportedException or DllNotFoundException or TypeInitializationException)
        {
            throw Unavailable(name, exception);
        }
    }

    private static DeviceUnavailableException Unavailable(string name, Exception? exception) => new(
        $"The device \"{name}\" can't be used: build with -p:Torch=cuda (Linux, TorchSharp-cuda-linux), and see that NVIDIA's driver is there (nvidia-smi lists the devices); or set Torch:Device to \"cpu\".",
        exception);
}
