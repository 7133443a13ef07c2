using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Feedback;

/// <summary>The accounts of those who label: who is calling, and who may.</summary>
internal sealed partial class LabellerAccounts(
    IDbContextFactory<LedgerContext> contexts, LedgerWriter ledger, LabellingOptions options, WebAddress web, TimeProvider time)
{
    // Of everything a caller may send; secrets of ours have 43 characters.
    private const int MaxSecretLength = 200;

    /// <summary>The address at which a person opens an invitation.</summary>
    public string LinkOf(string code) => $"{web.Url}/join?code={code}";

    /// <summary>Whose secret it is; null where it is nobody's, or not any more. Invitations are no one's until they are redeemed.</summary>
    public async Task<Labeller?> FindAsync(string secret, CancellationToken cancellationToken)
    {
        if (secret.Length is 0 or > MaxSecretLength)
        {
            return null;
        }

        var (hash, now) = (Secrets.HashOf(secret), Now);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await context.Credentials.AsNoTracking()
            .Where(credential => credential.Hash == hash && credential.Kind != CredentialKind.Invite && credential.EndedUnixMs == null
                && (credential.ExpiresUnixMs == null || credential.ExpiresUnixMs > now))
            .Join(context.Labellers.Where(row => row.RevokedUnixMs == null), credential => credential.LabellerId, row => row.LabellerId,
                (credential, row) => new { credential.Kind, row.LabellerId, row.Role, row.IsProgram })
            .SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : new Labeller(found.LabellerId, found.Role, found.IsProgram || found.Kind == CredentialKind.Token);
    }

    /// <summary>Exchanges an invitation for a session, once; null where it is unknown, used or expired.</summary>
    public Task<IssuedSecret?> RedeemInviteAsync(string code, CancellationToken cancellationToken)
    {
        if (code.Length is 0 or > MaxSecretLength)
        {
            return Task.FromResult<IssuedSecret?>(null);
        }

        var hash = Secrets.HashOf(code);
        return ledger.DecideAsync<IssuedSecret?>(async (context, token) =>
        {
            if (await context.Credentials.FindAsync([hash], token) is not { Kind: CredentialKind.Invite, EndedUnixMs: null } invite
                || invite.ExpiresUnixMs <= Now
                || await context.Labellers.FindAsync([invite.LabellerId], token) is not { RevokedUnixMs: null })
            {
                return null;
            }

            invite.EndedUnixMs = Now;
            return Issue(context, invite.LabellerId, CredentialKind.Session, TimeSpan.FromDays(options.SessionDays));
        }, cancellationToken);
    }

    /// <summary>Ends a session: what was signed in with it is signed out.</summary>
    public Task EndAsync(string secret, CancellationToken cancellationToken)
    {
        var hash = Secrets.HashOf(secret);
        return ledger.WriteAsync(async (context, token) =>
        {
            if (await context.Credentials.FindAsync([hash], token) is { EndedUnixMs: null } credential)
            {
                credential.EndedUnixMs = Now;
            }
        }, cancellationToken);
    }

    /// <summary>Makes a person's account, or another invitation for one that there is.</summary>
    /// <exception cref="ArgumentException">The name can't be an account's.</exception>
    /// <exception cref="RefusedException">The caller is no lead; the account is a program's, has another role or is revoked.</exception>
    public Task<IssuedSecret> InviteAsync(Labeller lead, string name, LabellerRole role, CancellationToken cancellationToken) =>
        AddAsync(lead, name, role, isProgram: false, CredentialKind.Invite, TimeSpan.FromHours(options.InviteHours), cancellationToken);

    /// <summary>Makes a program's account with a token, or another token for one that there is.</summary>
    /// <exception cref="ArgumentException">The name can't be an account's.</exception>
    /// <exception cref="RefusedException">The caller is no lead; the account is a person's, has another role or is revoked.</exception>
    public Task<IssuedSecret> RegisterProgramAsync(Labeller lead, string name, LabellerRole role, CancellationToken cancellationToken) =>
        AddAsync(lead, name, role, isProgram: true, CredentialKind.Token, validity: null, cancellationToken);

    /// <summary>All accounts, by name.</summary>
    /// <exception cref="RefusedException">The caller is no lead.</exception>
    public async Task<IReadOnlyList<Account>> ListAsync(Labeller lead, CancellationToken cancellationToken)
    {
        Require(lead, LabellerRole.Lead);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Labellers.AsNoTracking().OrderBy(row => row.LabellerId)
            .Select(row => new Account(
                row.LabellerId, row.Role, row.IsProgram, row.CreatedBy, row.CreatedUnixMs, row.RevokedUnixMs != null,
                context.Credentials.Any(credential => credential.LabellerId == row.LabellerId && credential.Kind != CredentialKind.Invite)))
            .ToListAsync(cancellationToken);
    }

    /// <summary>Closes an account and ends all its secrets. What it labelled stays.</summary>
    /// <exception cref="RefusedException">The caller is no lead, there is no such account, or it is the caller's own.</exception>
    public async Task RevokeAsync(Labeller lead, string name, CancellationToken cancellationToken)
    {
        Require(lead, LabellerRole.Lead);
        if (lead.Id == name)
        {
            throw new RefusedException(Refusal.NotNow, "this is your own account; another lead can revoke it");
        }

        var found = await ledger.DecideAsync(async (context, token) =>
        {
            if (await context.Labellers.FindAsync([name], token) is not { } account)
            {
                return false;
            }

            account.RevokedUnixMs ??= Now;
            await EndAllAsync(context, name, kind: null, token);
            return true;
        }, cancellationToken);
        if (!found)
        {
            throw new RefusedException(Refusal.NotFound, $"there is no account '{name}'");
        }
    }

    /// <summary>Adds a new secret of an account, within a change of the ledger.</summary>
    public IssuedSecret Issue(LedgerContext context, string labellerId, CredentialKind kind, TimeSpan? validity)
    {
        var issued = new IssuedSecret(labellerId, Secrets.New(), validity is { } time ? Now + (long)time.TotalMilliseconds : null);
        context.Credentials.Add(new CredentialRow
        {
            Hash = Secrets.HashOf(issued.Secret),
            LabellerId = labellerId,
            Kind = kind,
            CreatedUnixMs = Now,
            ExpiresUnixMs = issued.ExpiresUnixMs,
        });
        return issued;
    }

    /// <summary>Ends an account's secrets, within a change of the ledger: those of a kind, or all.</summary>
    public async Task EndAllAsync(LedgerContext context, string labellerId, CredentialKind? kind, CancellationToken cancellationToken)
    {
        foreach (var credential in await context.Credentials
            .Where(row => row.LabellerId == labellerId && row.EndedUnixMs == null && (kind == null || row.Kind == kind)).ToListAsync(cancellationToken))
        {
            credential.EndedUnixMs = Now;
        }
    }

    /// <summary>Refuses a caller whose role is too low.</summary>
    /// <exception cref="RefusedException">It is.</exception>
    public static void Require(Labeller who, LabellerRole role)
    {
        if (who.Role < role)
        {
            throw new RefusedException(
                Refusal.Forbidden, $"'{who.Id}' is a {who.Role.ToString().ToLowerInvariant()}; this takes a {role.ToString().ToLowerInvariant()}");
        }
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<IssuedSecret> AddAsync(
        Labeller lead, string name, LabellerRole role, bool isProgram, CredentialKind kind, TimeSpan? validity, CancellationToken cancellationToken)
    {
        Require(lead, LabellerRole.Lead);
        if (!NamePattern().IsMatch(name))
        {
            throw new ArgumentException("an account's name has 1 to 32 of a-z, 0-9 and '-', and begins with a letter", nameof(name));
        }

        if (!Enum.IsDefined(role))
        {
            throw new ArgumentException("name a role: viewer, labeller or lead", nameof(role));
        }

        var (issued, refusal) = await ledger.DecideAsync<(IssuedSecret?, string)>(async (context, token) =>
        {
            if (await context.Labellers.FindAsync([name], token) is not { } account)
            {
                context.Labellers.Add(new LabellerRow
                {
                    LabellerId = name,
                    Role = role,
                    IsProgram = isProgram,
                    CreatedBy = lead.Id,
                    CreatedUnixMs = Now,
                });
            }
            else if (account.RevokedUnixMs is not null)
            {
                return (null, $"the account '{name}' is revoked; take another name");
            }
            else if (account.IsProgram != isProgram || account.Role != role)
            {
                return (null, $"the account '{name}' is a {(account.IsProgram ? "program" : "person")} with the role {account.Role.ToString().ToLowerInvariant()}; take another name");
            }

            return (Issue(context, name, kind, validity), "");
        }, cancellationToken);
        return issued ?? throw new RefusedException(Refusal.Exists, refusal);
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,31}$")]
    private static partial Regex NamePattern();
}
