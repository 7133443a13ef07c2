using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Rlhf.Clients.Reward.Tests;

public sealed class OptionsTests
{
    private static readonly RewardClientOptions s_good = new() { Addresses = [new Uri("http://127.0.0.1:1")] };

    public static TheoryData<RewardClientOptions, string> Bad() => new()
    {
        { s_good with { Addresses = [] }, "There is no address" },
        { s_good with { Addresses = [new Uri("ftp://a")] }, "'ftp://a/' is no http:// or https:// address." },
        { s_good with { Addresses = [new Uri("http://127.0.0.1:1"), new Uri("https://127.0.0.1:1")] }, "Some addresses are http:// and some https://" },
        { s_good with { ApiKey = "k", BearerToken = _ => ValueTask.FromResult("t") }, "Both ApiKey and BearerToken are set" },
        { s_good with { Addresses = [new Uri("http://elsewhere:1")], ApiKey = "k" }, "The key would go to 'http://elsewhere:1/' in plain text; use an https:// address" },
        { s_good with { MaxAttempts = 0 }, "MaxAttempts is 0; it must be at least 1." },
        { s_good with { MaxItemsInFlight = 0 }, "MaxItemsInFlight is 0" },
        { s_good with { Timeout = TimeSpan.Zero }, "must be over 0" },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void What_can_not_be_is_refused_with_what_would_be_right(RewardClientOptions options, string text) =>
        Assert.Contains(text, Assert.Throws<ArgumentException>(() => new RewardClient(options)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_key_may_go_to_this_machine_over_tls_or_where_that_is_allowed()
    {
        new RewardClient(s_good with { ApiKey = "k" }).Dispose();
        new RewardClient(s_good with { ApiKey = "k", Addresses = [new Uri("https://elsewhere:1")] }).Dispose();
        new RewardClient(s_good with { ApiKey = "k", Addresses = [new Uri("http://elsewhere:1")], AllowsSecretsInPlainText = true }).Dispose();
    }

    [Fact]
    public void Addresses_and_settings_come_from_the_configuration()
    {
        var options = Configuration(("services:reward:grpc:0", "http://a:1"), ("services:reward:grpc:1", "http://b:2"), ("services:reward:http:0", "http://a:3"), ("RewardClient:Timeout", "00:00:07"))
            .GetRewardClientOptions();
        Assert.Equal([new Uri("http://a:1"), new Uri("http://b:2")], options.Addresses);
        Assert.Equal((TimeSpan.FromSeconds(7), 256), (options.Timeout, options.MaxItemsInFlight));

        options = Configuration(("services:reward:grpc:0", "http://a:1"), ("RewardClient:Addresses:0", "http://c:1"), ("RewardClient:ApiKey", "k")).GetRewardClientOptions();
        Assert.Equal((new Uri("http://c:1"), "k"), (Assert.Single(options.Addresses), options.ApiKey));

        Assert.Contains("Neither RewardClient:Addresses nor services:reward:grpc:0 is set", Assert.Throws<ArgumentException>(() => Configuration().GetRewardClientOptions()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_gets_a_client_that_calls()
    {
        await using var replica = new ScriptedReplica();
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(Configuration(("services:reward:grpc:0", replica.Address.ToString()))).AddRewardClient().BuildServiceProvider();
        Assert.Equal(3, (await services.GetRequiredService<RewardClient>().ScoreAsync("p", "123", TestContext.Current.CancellationToken)).Raw);
    }

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
}
