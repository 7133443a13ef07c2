namespace Rlhf.Tokenization.Tests;

public sealed class TranscriptTests
{
    [Fact]
    public void Turns_stand_under_their_marks_and_the_assistant_is_next()
    {
        var text = Transcript.Render([new("system", "Be kind."), new("user", "Hello "), new("assistant", "Hi."), new("user", "Bye")]);
        Assert.Equal("Be kind.\n\nHuman: Hello\n\nAssistant: Hi.\n\nHuman: Bye\n\nAssistant:", text);
    }

    [Theory]
    [InlineData("tool", "x", "\"tool\"")]
    [InlineData("user", "  ", "empty")]
    public void A_bad_turn_is_refused(string role, string content, string said)
    {
        var error = Assert.Throws<ArgumentException>(() => Transcript.Render([new(role, content)]));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }
}
