using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

public sealed class AuthenticationTests(BackingServersFixture servers)
{
    private const string Refusal = "The call has no valid API key or token; send the header 'authorization: Bearer KEY' or 'x-api-key: KEY'.";
    private static readonly string s_key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_valid_key_a_call_is_unauthenticated_at_both_doors()
    {
        await using var reward = await StartAsync();

        foreach (var headers in new Metadata[] { [], [new("x-api-key", "guess")], [new("authorization", "Bearer guess")], [new("authorization", "Basic %%%")] })
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () =>
                await reward.Client.InfoAsync(new RewardInfoRequest(), headers, cancellationToken: Cancellation));
            Assert.Equal((StatusCode.Unauthenticated, Refusal), (error.StatusCode, error.Status.Detail));
        }
        using var call = reward.Client.ScoreStream(cancellationToken: Cancellation);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancellation))).StatusCode);

        using var response = await reward.Http.PostAsync("/get_reward", null, Cancellation);
        var problem = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.Equal((HttpStatusCode.Unauthorized, "UNAUTHENTICATED", Refusal), (response.StatusCode, (string?)problem?["code"], (string?)problem?["detail"]));
    }

    [Fact]
    public async Task A_key_opens_both_doors_in_each_form_and_health_needs_none()
    {
        await using var reward = await StartAsync();
        await reward.PublishAsync("v1", seed: 1);

        await reward.Client.InfoAsync(new RewardInfoRequest(), [new("x-api-key", s_key)], cancellationToken: Cancellation);
        await reward.Client.InfoAsync(new RewardInfoRequest(), [new("authorization", $"Bearer {s_key}")], cancellationToken: Cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/get_reward") { Content = JsonContent.Create(new { query = new[] { "a text" } }) };
        // What a trainer sends for http://trainer:KEY@host/get_reward.
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"trainer:{s_key}")));
        using var response = await reward.Http.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        Assert.Equal(HttpStatusCode.OK, (await reward.Http.GetAsync("/alive", Cancellation)).StatusCode);
        using var channel = GrpcChannel.ForAddress(reward.Address);
        await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Tokens_of_the_issuer_for_this_audience_are_taken_and_no_others()
    {
        using var rsa = RSA.Create(2048);
        var file = Path.Combine(Directory.CreateTempSubdirectory("rlhf-reward-key-").FullName, "public.pem");
        await File.WriteAllTextAsync(file, rsa.ExportSubjectPublicKeyInfoPem(), Cancellation);
        await using var reward = await StartAsync(
            ("Authentication:Jwt:PublicKeyFile", file), ("Authentication:Jwt:Issuer", "https://issuer"), ("Authentication:Jwt:Audience", "reward"));

        await InfoAsync(Token(rsa, "https://issuer", "reward", DateTime.UtcNow.AddMinutes(5)));
        await InfoAsync(s_key); // keys go on beside tokens
        using var other = RSA.Create(2048);
        foreach (var token in new[]
        {
            Token(other, "https://issuer", "reward", DateTime.UtcNow.AddMinutes(5)),
            Token(rsa, "https://other", "reward", DateTime.UtcNow.AddMinutes(5)),
            Token(rsa, "https://issuer", "other", DateTime.UtcNow.AddMinutes(5)),
            Token(rsa, "https://issuer", "reward", DateTime.UtcNow.AddMinutes(-30)),
        })
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => InfoAsync(token));
            Assert.Equal((StatusCode.Unauthenticated, Refusal), (error.StatusCode, error.Status.Detail));
        }

        async Task InfoAsync(string secret) =>
            await reward.Client.InfoAsync(new RewardInfoRequest(), [new("authorization", $"Bearer {secret}")], cancellationToken: Cancellation);
    }

    [Theory]
    [InlineData("Kestrel:Endpoints:grpc:Url", "http://0.0.0.0:0")]
    [InlineData("Kestrel:Endpoints:http:Url", "http://*:0")]
    [InlineData("urls", "http://[::]:0")]
    [InlineData("http_ports", "8080")]
    public async Task An_address_on_the_network_without_authentication_refuses_to_start(string setting, string value)
    {
        var error = await Assert.ThrowsAsync<StartupException>(() => RunningReward.StartAsync(servers.Messaging, servers.Cache, (setting, value)));
        Assert.Contains("can be reached from the network, and callers are not authenticated; set Authentication:ApiKeys:NAME", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_keys_the_network_may_be_listened_on()
    {
        await using var reward = await StartAsync(("urls", "http://0.0.0.0:0"));
        await reward.Client.InfoAsync(new RewardInfoRequest(), [new("x-api-key", s_key)], cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_key_in_place_of_its_hash_refuses_to_start()
    {
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() =>
            RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Authentication:ApiKeys:trainer", "a-key")));
        Assert.Contains("Authentication:ApiKeys:trainer must be the SHA-256 of the key, 64 hex digits, not the key itself", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a-key", error.Message, StringComparison.Ordinal);
    }

    private static string Token(RSA key, string issuer, string audience, DateTime expires) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = issuer,
        Audience = audience,
        Subject = new ClaimsIdentity([new Claim("sub", "someone")]),
        NotBefore = expires.AddHours(-1),
        IssuedAt = expires.AddHours(-1),
        Expires = expires,
        SigningCredentials = new SigningCredentials(new RsaSecurityKey(key), SecurityAlgorithms.RsaSha256),
    });

    private Task<RunningReward> StartAsync(params (string Key, string Value)[] settings) => RunningReward.StartAsync(
        servers.Messaging, servers.Cache,
        [.. settings, ("Authentication:ApiKeys:trainer", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(s_key)))), ("Authentication:ApiKeys:other", new string('a', 64))]);
}
