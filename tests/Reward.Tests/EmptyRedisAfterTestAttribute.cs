using System.Reflection;
using Xunit.v3;

namespace Rlhf.Reward.Tests;

/// <summary>Empties Redis after each test: the next one gives the same names to other weights, and scores are kept by name.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class EmptyRedisAfterTestAttribute : BeforeAfterTestAttribute
{
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        var servers = TestContext.Current.GetFixture<BackingServersFixture>().AsTask().GetAwaiter().GetResult(); // it is there already
        servers?.EmptyCache();
    }
}
