using Rlhf.Testing;

namespace Rlhf.PolicyOptimization.Tests;

/// <summary>The tests run beside each other: no number of theirs may be freed while native code reads it (docs/decisions/0012-scalars-are-kept.md).</summary>
public sealed class ScalarsAreKeptTests
{
    [Fact]
    public void No_test_has_a_number_that_nothing_keeps_but_the_one_that_compares_with_such()
    {
        var found = TemporaryScalars.In(typeof(ScalarsAreKeptTests).Assembly)
            .Where(sentence => !sentence.StartsWith(typeof(TensorArithmeticTests).FullName + ".Results_are_those_of_the_operators", StringComparison.Ordinal)).ToArray();
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}
