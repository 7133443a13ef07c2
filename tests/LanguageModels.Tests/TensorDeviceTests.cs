namespace Rlhf.LanguageModels.Tests;

public sealed class TensorDeviceTests
{
    [Fact]
    public void The_processor_needs_no_device() => Assert.Null(TensorDevice.Find("cpu"));

    [Theory]
    [InlineData("cuda")]
    [InlineData("cuda:0")]
    public void Without_cuda_the_remedy_is_named(string name)
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "There is a CUDA device.");
        var error = Assert.Throws<DeviceUnavailableException>(() => TensorDevice.Find(name));
        Assert.Contains($"\"{name}\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("-p:Torch=cuda", error.Message, StringComparison.Ordinal);
        Assert.Contains("driver", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:x")]
    public void Other_names_are_refused(string name) => Assert.Throws<ArgumentException>(() => TensorDevice.Find(name));
}
