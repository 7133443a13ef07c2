using Rlhf.LanguageModels;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// How a model computes while it trains: bfloat16 in the blocks' linear layers beside float32 weights (Micikevicius et al. 2018,
/// arXiv:1710.03740, without the loss scale that float16's narrow range needs), and blocks run again in the backward pass. Ends
/// with its disposal: what is measured or saved after is float32.
/// </summary>
internal sealed class TrainingMode : IDisposable
{
    private readonly CausalLanguageModel _model;

    public TrainingMode(CausalLanguageModel model, Precision precision, bool recomputesBlocks)
    {
        _model = model;
        model.ProductType = precision == Precision.Bfloat16 ? ScalarType.BFloat16 : model.Type;
        model.RecomputesBlocks = recomputesBlocks;
    }

    public void Dispose()
    {
        _model.ProductType = _model.Type;
        _model.RecomputesBlocks = false;
    }
}
