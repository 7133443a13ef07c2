using Rlhf.LanguageModels;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// bfloat16 in the blocks' linear layers beside float32 weights (Micikevicius et al. 2018, arXiv:1710.03740, without the loss scale
/// that float16's narrow range needs). Ends with its disposal: what is measured or saved after is float32.
/// </summary>
internal sealed class MixedPrecision : IDisposable
{
    private readonly CausalLanguageModel _model;

    public MixedPrecision(CausalLanguageModel model, Precision precision)
    {
        _model = model;
        model.ProductType = precision == Precision.Bfloat16 ? ScalarType.BFloat16 : model.Type;
    }

    public void Dispose() => _model.ProductType = _model.Type;
}
