using System.Reflection;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class ReferenceVectorTests
{
    // Ratings belong to the Coordinator: the test of that name is among its tests.
    private static readonly string[] s_testedElsewhere = ["bradley_terry_ml_cycle_plus_one"];

    [Fact]
    public void Every_vector_has_a_test_of_its_name()
    {
        var tests = Assembly.GetExecutingAssembly().GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null)
            .Select(method => method.Name)
            .ToHashSet(StringComparer.Ordinal);
        var names = Fixtures.Vectors().Select(vector => vector.GetProperty("name").GetString() ?? "").Except(s_testedElsewhere).ToArray();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains("Matches_" + name.Replace('.', '_'), tests));
    }
}
