using Rlhf.Testing;

namespace Rlhf.LanguageModels.Tests;

/// <summary>The tests run beside each other: no number of theirs may be freed while native code reads it (docs/decisions/0012-scalars-are-kept.md).</summary>
public sealed class ScalarsAreKeptTests
{
    [Fact]
    public void No_test_has_a_number_that_nothing_keeps()
    {
        var found = TemporaryScalars.In(typeof(ScalarsAreKeptTests).Assembly).ToArray();
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}
