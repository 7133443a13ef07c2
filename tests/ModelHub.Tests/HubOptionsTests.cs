namespace Rlhf.ModelHub.Tests;

public sealed class HubOptionsTests
{
    [Fact]
    public void The_python_clients_variables_are_understood()
    {
        var options = From(("HF_ENDPOINT", "https://mirror.example/"), ("HF_HOME", "/models"), ("HF_TOKEN", " hf_x\n"), ("HF_HUB_OFFLINE", "1"));

        Assert.Equal("https://mirror.example/", options.Endpoint.AbsoluteUri);
        Assert.Equal(Path.GetFullPath("/models/hub"), options.CachePath);
        Assert.Equal("hf_x", options.Token);
        Assert.True(options.IsOffline);
    }

    [Theory]
    [InlineData("HF_HUB_CACHE", "/a", "/a")]
    [InlineData("XDG_CACHE_HOME", "/b", "/b/huggingface/hub")]
    public void The_cache_may_be_elsewhere(string variable, string value, string path) => Assert.Equal(Path.GetFullPath(path), From((variable, value)).CachePath);

    [Fact]
    public void Nothing_said_is_the_hub_itself_and_the_users_cache()
    {
        var options = From();

        Assert.Equal("https://huggingface.co/", options.Endpoint.AbsoluteUri);
        Assert.EndsWith(Path.Combine(".cache", "huggingface", "hub"), options.CachePath, StringComparison.Ordinal);
        Assert.Null(options.Token);
        Assert.False(options.IsOffline);
    }

    [Fact]
    public void An_endpoint_that_is_no_address_is_refused() =>
        Assert.Contains("HF_ENDPOINT is 'mirror'", Assert.Throws<HubException>(() => From(("HF_ENDPOINT", "mirror"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("name")]
    [InlineData("owner/name/more")]
    [InlineData("./name")]
    [InlineData("/owner/name")]
    [InlineData("~/name")]
    [InlineData("owner/../name")]
    [InlineData("owner/name@")]
    [InlineData("owner/name@../../x")]
    [InlineData("owner/name@a//b")]
    [InlineData("owner\\name")]
    [InlineData("owner/name\n")]
    [InlineData("hf:")]
    [InlineData("")]
    public void What_is_no_id_is_not_taken_for_one(string text) => Assert.Null(HubModelId.TryParse(text));

    private static HubOptions From(params (string Name, string Value)[] variables) =>
        HubOptions.From(name => variables.FirstOrDefault(v => v.Name == name).Value);
}
