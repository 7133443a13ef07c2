using Rlhf.LanguageModels.Checkpoints;
using TorchSharp;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>The weights of a model of tensors, adapters merged.</summary>
internal sealed class TensorStore(CausalLanguageModel model) : IWeightStore
{
    /// <inheritdoc/>
    public ModelConfig Config => model.Config;

    /// <inheritdoc/>
    public unsafe WeightView Find(string name, params long[] shape)
    {
        using var weight = model.Parameters.TryGetValue(name, out var parameter) ? parameter.detach() : throw new ArgumentException($"The model has no \"{name}\".", nameof(name));
        if (weight.device_type != DeviceType.CPU || !weight.shape.SequenceEqual(shape) || !weight.is_contiguous())
        {
            throw new ArgumentException(
                $"\"{name}\" is [{string.Join(", ", weight.shape)}] on {weight.device}; [{string.Join(", ", shape)}] in the processor's memory is needed.", nameof(name));
        }

        fixed (byte* pointer = weight.bytes)
        {
            return new WeightView(pointer, weight.dtype, shape, null); // the parameter's memory, which doesn't move
        }
    }

    /// <inheritdoc/>
    public void RequireAllFound()
    {
        // A model of tensors holds what its parts hold.
    }
}
