using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Feedback;

/// <summary>
/// Makes the first account: a lead, with an invitation for a person and a token for programs of this machine's user. The
/// invitation is made anew at each start until somebody has signed in.
/// </summary>
internal sealed partial class FirstLead(
    LedgerWriter ledger, LabellerAccounts accounts, DataOptions data, TimeProvider time, ILogger<FirstLead> logger) : IHostedService
{
    /// <summary>The account's name.</summary>
    public const string Name = "lead";

    /// <summary>The file with its token, within the data folder. Whoever may read it may do as leads do.</summary>
    public const string TokenFile = "lead-token";

    /// <summary>The file with the link of its invitation, within the data folder, until somebody has signed in.</summary>
    public const string InviteFile = "lead-invite";

    private static readonly TimeSpan _validity = TimeSpan.FromHours(24);

    /// <summary>Done before the service listens, so that whoever finds it healthy finds the files.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var (tokenPath, invitePath) = (Path.Combine(data.Path, TokenFile), Path.Combine(data.Path, InviteFile));
        var wantsToken = !File.Exists(tokenPath);
        var (invite, apiToken) = await ledger.DecideAsync((context, token) => IssueAsync(context, wantsToken, token), cancellationToken);
        if (apiToken is not null)
        {
            WriteSecret(tokenPath, apiToken.Secret);
        }

        File.Delete(invitePath);
        if (invite is not null)
        {
            var link = accounts.LinkOf(invite.Secret);
            WriteSecret(invitePath, link);
            LogInvitation(logger, link, (int)_validity.TotalHours);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<(IssuedSecret? Invite, IssuedSecret? Token)> IssueAsync(LedgerContext context, bool wantsToken, CancellationToken cancellationToken)
    {
        if (await context.Credentials.AnyAsync(credential => credential.Kind == CredentialKind.Session, cancellationToken)
            || await context.Labellers.AnyAsync(account => account.LabellerId == Name && account.RevokedUnixMs != null, cancellationToken))
        {
            return (null, null);
        }

        if (await context.Labellers.FindAsync([Name], cancellationToken) is null)
        {
            context.Labellers.Add(new LabellerRow
            {
                LabellerId = Name,
                Role = LabellerRole.Lead,
                IsProgram = false,
                CreatedBy = "",
                CreatedUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            });
        }

        await accounts.EndAllAsync(context, Name, CredentialKind.Invite, cancellationToken);
        return (
            accounts.Issue(context, Name, CredentialKind.Invite, _validity),
            wantsToken ? accounts.Issue(context, Name, CredentialKind.Token, validity: null) : null);
    }

    private static void WriteSecret(string path, string secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        File.Delete(path);
        using var writer = new StreamWriter(path, options);
        writer.Write(secret);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "To label, open {Link} once, within {Hours} hours")]
    private static partial void LogInvitation(ILogger logger, string link, int hours);
}
