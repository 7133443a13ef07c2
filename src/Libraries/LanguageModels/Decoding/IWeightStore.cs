using Rlhf.LanguageModels.Checkpoints;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>Where packing takes a model's weights from.</summary>
internal interface IWeightStore
{
    /// <summary>The model's shape.</summary>
    ModelConfig Config { get; }

    /// <summary>A weight of the expected shape, by its name in a checkpoint of the family. Valid as long as the store is open.</summary>
    /// <exception cref="InvalidDataException">There is no such weight, or it has another shape.</exception>
    WeightView Find(string name, params long[] shape);

    /// <summary>Says that all weights of the model have been found.</summary>
    /// <exception cref="InvalidDataException">There are others, for which the model has no place.</exception>
    void RequireAllFound();
}
