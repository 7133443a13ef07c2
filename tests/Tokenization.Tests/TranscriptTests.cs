namespace Rlhf.Tokenization.Tests;

public sealed class TranscriptTests
{
    [Fact]
    public void Turns_stand_under_their_marks_and_the_assistant_is_next()
    {
        var text = Transcript.Render([new("system", "Be kind."), new("user", "Hello "), new("assistant", "Hi."), new("user", "Bye")]);
        Assert.Equal("Be kind.\n\nHuman: Hello\n\nAssistant: Hi.\n\nHuman: Bye\n\nAssistant:", text);
    }

    [Fact]
    public void A_transcript_gives_its_turns_back()
    {
        ConversationTurn[] turns = [new("system", "Be kind."), new("user", "Hello\n\nthere"), new("assistant", "Hi."), new("user", "Bye")];

        Assert.Equal(turns, Transcript.Parse(Transcript.Render(turns)));
        Assert.Equal([new("user", ""), new("assistant", "Hi.")], Transcript.Parse("\n\nHuman: \n\nAssistant: Hi."));
        Assert.Empty(Transcript.Parse("No speaker."));
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
