using Rlhf.LanguageModels;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// How models compute while they train: bfloat16 in the blocks' linear layers beside float32 weights (Micikevicius et al. 2018,
/// arXiv:1710.03740, without the loss scale that float16's narrow range needs), and blocks run again in the backward pass. With its
/// disposal the models compute as they did before.
/// </summary>
internal sealed class TrainingMode : IDisposable
{
    private readonly (CausalLanguageModel Model, ScalarType ProductType, bool RecomputesBlocks)[] _before;

    public TrainingMode(Precision precision, bool recomputesBlocks, params CausalLanguageModel[] models)
    {
        _before = [.. models.Select(model => (model, model.ProductType, model.RecomputesBlocks))];
        foreach (var model in models)
        {
            model.ProductType = precision == Precision.Bfloat16 ? ScalarType.BFloat16 : model.Type;
            model.RecomputesBlocks = recomputesBlocks;
        }
    }

    public void Dispose()
    {
        foreach (var (model, productType, recomputesBlocks) in _before)
        {
            (model.ProductType, model.RecomputesBlocks) = (productType, recomputesBlocks);
        }
    }
}
