namespace Rlhf.Tokenization.Tests;

public sealed class StreamingDecoderTests
{
    [Fact]
    public void Bytes_are_held_back_until_the_character_is_whole()
    {
        using var tiny = new TinyTokenizer();
        var decoder = tiny.Load().NewDecoder();
        Assert.Equal(["a", "", "", "", "\U0001F600", "b"], ((int[])['a', 0xF0, 0x9F, 0x98, 0x80, 'b']).Select(decoder.Append));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void What_forms_no_character_is_replaced_at_once_or_at_the_end()
    {
        using var tiny = new TinyTokenizer();
        var decoder = tiny.Load().NewDecoder();
        Assert.Equal(["", "\uFFFDa", "", ""], ((int[])[0xF0, 'a', TinyTokenizer.EndId, 0xC3]).Select(decoder.Append));
        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Equal("b", decoder.Append('b'));
    }

    [Fact]
    public void An_id_without_token_is_replaced()
    {
        using var tiny = new TinyTokenizer();
        Assert.Equal("a\uFFFDb", tiny.Load().Decode(['a', 5000, 'b']));
    }
}
