using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using Rlhf.BackingServers.Processes;
using Rlhf.Clients.Reward;

namespace Rlhf.Reward.Tests;

public sealed class TlsTests(BackingServersFixture servers) : IDisposable
{
    private const string Key = "0123456789abcdef0123456789abcdef";
    private readonly string _folder = Directory.CreateTempSubdirectory("rlhf-tls-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task With_a_certificate_both_doors_speak_tls_and_the_client_takes_no_other()
    {
        using var authority = Authority("trusted here");
        using var other = Authority("trusted elsewhere");
        var ports = TcpPorts.FindFree(2);
        WriteCertificate(authority, IPAddress.Loopback);
        await using var reward = await StartAsync(ports);
        await reward.PublishAsync("v1", seed: 1);
        var address = new Uri($"https://127.0.0.1:{ports[0]}");

        using (var client = Client(address, authority))
        {
            Assert.Equal("v1", (await client.ScoreAsync("Hello?", "Hi.", Cancellation)).ModelVersion);
            var results = client.ScoreStreamAsync(AsyncEnumerable.Repeat(RewardItem.Text("Hello?", "Hi."), 3), options: null, Cancellation);
            Assert.Equal(3, await results.CountAsync(Cancellation));
        }
        using var handler = new SocketsHttpHandler { SslOptions = Trusting(authority) };
        using var http = new HttpClient(handler);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"https://127.0.0.1:{ports[1]}/alive", Cancellation)).StatusCode);

        // Another authority's, the machine's own list, and another name than the certificate's; and nobody may leave TLS out.
        await AssertRefusedAsync(Client(address, other), "errors in the certificate chain");
        await AssertRefusedAsync(Client(address, trusted: null), "errors in the certificate chain");
        await AssertRefusedAsync(Client(new Uri($"https://localhost:{ports[0]}"), authority), "RemoteCertificateNameMismatch");
        using var plain = new RewardClient(new RewardClientOptions { Addresses = [new Uri($"http://127.0.0.1:{ports[0]}")], ApiKey = Key, MaxAttempts = 2 });
        await Assert.ThrowsAsync<RewardException>(() => plain.GetInfoAsync(Cancellation));
    }

    private static async Task AssertRefusedAsync(RewardClient client, string text)
    {
        using (client)
        {
            var error = await Assert.ThrowsAsync<RewardException>(() => client.GetInfoAsync(Cancellation));
            Assert.Contains(error.StatusCode, new[] { StatusCode.Internal, StatusCode.Unavailable });
            Assert.Contains(text, error.ToString(), StringComparison.Ordinal);
        }
    }

    private static RewardClient Client(Uri address, X509Certificate2? trusted) => new(new RewardClientOptions
    {
        Addresses = [address],
        ApiKey = Key,
        MaxAttempts = 2,
        ConfigureHandler = trusted is null ? null : handler => handler.SslOptions = Trusting(trusted),
    });

    private static SslClientAuthenticationOptions Trusting(X509Certificate2 authority) => new()
    {
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private void WriteCertificate(X509Certificate2 authority, IPAddress address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=reward", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(_folder, "server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    // The settings that docs/reward-api.md names.
    private Task<RunningReward> StartAsync(int[] ports) => RunningReward.StartAsync(
        servers.Messaging, servers.Cache,
        ("Kestrel:Endpoints:grpc:Url", $"https://127.0.0.1:{ports[0]}"), ("Kestrel:Endpoints:http:Url", $"https://127.0.0.1:{ports[1]}"),
        ("Kestrel:Certificates:Default:Path", Path.Combine(_folder, "server.pem")), ("Kestrel:Certificates:Default:KeyPath", Path.Combine(_folder, "server.key")),
        ("Authentication:ApiKeys:trainer", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))));
}
