using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Gives the tensor of a name and shape: from a checkpoint, or freshly initialised. The receiver owns it.</summary>
internal delegate Tensor WeightSource(string name, params long[] shape);
