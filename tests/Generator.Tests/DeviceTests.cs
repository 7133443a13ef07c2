using Rlhf.ServiceDefaults;

namespace Rlhf.Generator.Tests;

public sealed class DeviceTests(GeneratorFixture generator)
{
    [Fact]
    public async Task A_device_that_is_not_there_stops_the_start_and_names_the_remedy()
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "There is a CUDA device.");
        var error = await Assert.ThrowsAsync<StartupException>(() => generator.StartAnotherAsync(new Dictionary<string, string?> { ["Torch:Device"] = "cuda:1" }));
        Assert.Contains("-p:Torch=cuda", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_no_device_stops_the_start()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => generator.StartAnotherAsync(new Dictionary<string, string?> { ["Torch:Device"] = "gpu" }));
        Assert.Contains("Torch:Device", error.ToString(), StringComparison.Ordinal);
    }
}
