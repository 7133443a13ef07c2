using Rlhf.Learner.Versions;
using Rlhf.ServiceDefaults;

namespace Rlhf.Learner.Tests;

public sealed class BaseModelTests
{
    [Fact]
    public void A_device_that_is_not_there_stops_the_start_and_names_the_remedy()
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "There is a CUDA device.");
        var model = new ModelOptions { Path = Testing.Fixtures.Path("models/stories260K/hf") };
        Assert.Null(new BaseModel(model, new TorchOptions()).Device);
        var error = Assert.Throws<StartupException>(() => new BaseModel(model, new TorchOptions { Device = "cuda" }));
        Assert.Contains("-p:Torch=cuda", error.Message, StringComparison.Ordinal);
    }
}
