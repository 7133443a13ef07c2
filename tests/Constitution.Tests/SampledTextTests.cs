namespace Rlhf.Constitution.Tests;

public sealed class SampledTextTests
{
    [Theory]
    [InlineData("  It is rude. ", "It is rude.")]
    [InlineData("It is rude.\n\nRevisionRequest: Mend it.", "It is rude.")]
    [InlineData("Two\n\nparagraphs.\n\nHuman: hi", "Two\n\nparagraphs.")]
    [InlineData("Rude.\r\n\r\nHuman: hi", "Rude.")]
    public void Text_ends_at_the_next_mark(string sampled, string expected)
    {
        Assert.True(SampledText.TryRead(sampled, out var text));
        Assert.Equal(expected, text);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n ")]
    [InlineData("\n\nHuman: hi")]
    [InlineData("Human: hi")]
    public void Nothing_is_a_failure(string sampled)
    {
        Assert.False(SampledText.TryRead(sampled, out var text));
        Assert.Null(text);
    }

    [Theory]
    [InlineData("A", true)]
    [InlineData(" (B)", false)]
    [InlineData("**Option A.**", true)]
    [InlineData("b", false)]
    public void Label_is_read_strictly(string sampled, bool expected)
    {
        Assert.True(SampledText.TryReadLabel(sampled, out var namesFirst));
        Assert.Equal(expected, namesFirst);
    }

    [Theory]
    [InlineData("")]
    [InlineData("A or B")]
    [InlineData("Both are fine")]
    [InlineData("A better answer is B")]
    public void Anything_else_is_no_label(string sampled) => Assert.False(SampledText.TryReadLabel(sampled, out _));
}
