using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Feedback;
using static Rlhf.Coordinator.Tests.LabellingHarness;

namespace Rlhf.Coordinator.Tests;

public class LabellerAccountTests
{
    private static readonly Labeller _lead = new("lead", LabellerRole.Lead, false);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected virtual Task<LabellingHarness> StartAsync() => LabellingHarness.StartAsync();

    [Fact]
    public async Task An_invitation_becomes_a_session_once()
    {
        await using var harness = await StartAsync();
        var invite = await harness.Accounts.InviteAsync(_lead, "anna", LabellerRole.Labeller, Cancellation);
        Assert.Null(await harness.Accounts.FindAsync(invite.Secret, Cancellation));

        var sessions = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => harness.Accounts.RedeemInviteAsync(invite.Secret, Cancellation)));

        var session = Assert.Single(sessions.OfType<IssuedSecret>());
        Assert.Equal(new Labeller("anna", LabellerRole.Labeller, IsProgram: false), await harness.Accounts.FindAsync(session.Secret, Cancellation));
        Assert.Null(await harness.Accounts.RedeemInviteAsync(invite.Secret, Cancellation));
        await harness.Accounts.EndAsync(session.Secret, Cancellation);
        Assert.Null(await harness.Accounts.FindAsync(session.Secret, Cancellation));
    }

    [Fact]
    public async Task Invitations_and_sessions_expire()
    {
        await using var harness = await StartAsync();
        var late = await harness.Accounts.InviteAsync(_lead, "anna", LabellerRole.Labeller, Cancellation);
        harness.Time.Now += TimeSpan.FromDays(7);
        Assert.Null(await harness.Accounts.RedeemInviteAsync(late.Secret, Cancellation));

        var invite = await harness.Accounts.InviteAsync(_lead, "anna", LabellerRole.Labeller, Cancellation);
        var session = await harness.Accounts.RedeemInviteAsync(invite.Secret, Cancellation);
        harness.Time.Now += TimeSpan.FromDays(29);
        Assert.NotNull(await harness.Accounts.FindAsync(session?.Secret ?? "", Cancellation));
        harness.Time.Now += TimeSpan.FromDays(1);
        Assert.Null(await harness.Accounts.FindAsync(session?.Secret ?? "", Cancellation));
    }

    [Fact]
    public async Task A_revoked_account_is_out_with_all_its_secrets()
    {
        await using var harness = await StartAsync();
        var token = await harness.Accounts.RegisterProgramAsync(_lead, "script", LabellerRole.Labeller, Cancellation);
        Assert.Equal(new Labeller("script", LabellerRole.Labeller, IsProgram: true), await harness.Accounts.FindAsync(token.Secret, Cancellation));

        await harness.Accounts.RevokeAsync(_lead, "script", Cancellation);

        Assert.Null(await harness.Accounts.FindAsync(token.Secret, Cancellation));
        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => harness.Accounts.RegisterProgramAsync(_lead, "script", LabellerRole.Labeller, Cancellation));
        Assert.Equal(Refusal.Exists, refused.Refusal);
        Assert.True(Assert.Single(await harness.Accounts.ListAsync(_lead, Cancellation)).IsRevoked);
    }

    [Fact]
    public async Task Only_leads_make_and_revoke_accounts_and_names_are_bounded()
    {
        await using var harness = await StartAsync();
        var anna = Person("anna");
        await Assert.ThrowsAsync<RefusedException>(() => harness.Accounts.InviteAsync(anna, "ben", LabellerRole.Labeller, Cancellation));
        await Assert.ThrowsAsync<RefusedException>(() => harness.Accounts.RegisterProgramAsync(anna, "ben", LabellerRole.Labeller, Cancellation));
        await Assert.ThrowsAsync<RefusedException>(() => harness.Accounts.RevokeAsync(anna, "lead", Cancellation));
        await Assert.ThrowsAsync<RefusedException>(() => harness.Accounts.ListAsync(anna, Cancellation));
        foreach (var name in new[] { "", "Anna", "-a", "a b", "<script>", new string('a', 33) })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => harness.Accounts.InviteAsync(_lead, name, LabellerRole.Labeller, Cancellation));
        }

        await using var ledger = harness.Ledger();
        Assert.False(await ledger.Labellers.AnyAsync(Cancellation));
    }

    [Fact]
    public async Task The_first_lead_is_invited_until_somebody_has_signed_in()
    {
        await using var harness = await StartAsync();
        await harness.FirstLead.StartAsync(Cancellation);
        var (inviteFile, tokenFile) = (Path.Combine(harness.Folder, FirstLead.InviteFile), Path.Combine(harness.Folder, FirstLead.TokenFile));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(tokenFile));
        }

        var lead = await harness.Accounts.FindAsync(await File.ReadAllTextAsync(tokenFile, Cancellation), Cancellation);
        Assert.Equal(new Labeller("lead", LabellerRole.Lead, IsProgram: true), lead);
        var first = await File.ReadAllTextAsync(inviteFile, Cancellation);
        Assert.StartsWith("http://localhost:5080/join?code=", first);

        await harness.FirstLead.StartAsync(Cancellation);
        var second = await File.ReadAllTextAsync(inviteFile, Cancellation);
        Assert.Null(await harness.Accounts.RedeemInviteAsync(CodeOf(first), Cancellation));
        Assert.NotNull(await harness.Accounts.RedeemInviteAsync(CodeOf(second), Cancellation));

        await harness.FirstLead.StartAsync(Cancellation);
        Assert.False(File.Exists(inviteFile));

        static string CodeOf(string link) => link[(link.IndexOf("code=", StringComparison.Ordinal) + 5)..];
    }

    [Fact]
    public async Task The_ledger_holds_no_secret()
    {
        await using var harness = await StartAsync();
        var invite = await harness.Accounts.InviteAsync(_lead, "anna", LabellerRole.Labeller, Cancellation);
        var session = await harness.Accounts.RedeemInviteAsync(invite.Secret, Cancellation);
        var token = await harness.Accounts.RegisterProgramAsync(_lead, "script", LabellerRole.Labeller, Cancellation);

        foreach (var file in Directory.GetFiles(harness.Folder, "ledger.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
            var text = await reader.ReadToEndAsync(Cancellation);
            Assert.All(new[] { invite.Secret, session?.Secret ?? "", token.Secret }, secret => Assert.DoesNotContain(secret, text));
        }
    }
}
