namespace Rlhf.Artifacts.Tests;

public sealed class ArtifactFileNameTests
{
    [Theory]
    [InlineData("config.json")]
    [InlineData("model-00001-of-00002.safetensors")]
    [InlineData("value_head/adapter_model.safetensors")]
    [InlineData(".hidden")]
    public void A_relative_path_is_a_name(string name) => Assert.Equal(name, ArtifactFileName.Require(name));

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../up")]
    [InlineData("a/../../up")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("..")]
    [InlineData("a\\b")]
    [InlineData("C:evil")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("trailing.")]
    public void A_name_that_could_leave_its_folder_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => ArtifactFileName.Require(name));
}
