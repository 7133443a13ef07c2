namespace Rlhf.Constitution.Tests;

public sealed class PrincipleDrawTests
{
    [Fact]
    // Expected by an independent SplitMix64 in Python.
    public void Seed_1_to_8_draw_these_on_every_machine() => Assert.Equal(
        ["plainness", "plainness", "consent", "law", "law", "wisdom", "law", "plainness"],
        Enumerable.Range(1, 8).Select(seed => PrincipleDraw.Draw(ConstitutionFile.Default.Principles, (ulong)seed).Id));

    [Fact]
    public void Each_principle_is_equally_likely()
    {
        var counts = Enumerable.Range(0, 16_000).CountBy(seed => PrincipleDraw.Draw(ConstitutionFile.Default.Principles, (ulong)seed).Id).ToDictionary();
        Assert.Equal(16, counts.Count);
        // 1000 expected, standard deviation 31: five of them either way.
        Assert.All(counts.Values, count => Assert.InRange(count, 845, 1155));
    }

    [Fact]
    public void Nothing_to_draw_from_is_refused() => Assert.Throws<ArgumentException>(() => PrincipleDraw.Draw([], 1));
}
