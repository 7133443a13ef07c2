using Rlhf.Coordinator.Feedback;
using Rlhf.V1;

namespace Rlhf.Coordinator.Services;

/// <summary>What people's feedback says, as generated messages, and the reverse.</summary>
internal static class FeedbackMessages
{
    public static NextComparisonResponse Of(NextPair next) => next.Lease is { } lease
        ? new NextComparisonResponse { Lease = Of(lease) }
        : new NextComparisonResponse
        {
            None = next.Reason switch
            {
                NoPair.NotYet => NoComparisonReason.NotYet,
                NoPair.Paused => NoComparisonReason.Paused,
                NoPair.Ended => NoComparisonReason.Ended,
                NoPair.NothingLeft => NoComparisonReason.NothingLeft,
                NoPair.TooManyOpen => NoComparisonReason.TooManyOpen,
                _ => NoComparisonReason.Unspecified,
            },
        };

    public static ComparisonLease Of(PairLease lease) => new()
    {
        LeaseId = lease.LeaseId,
        ComparisonId = lease.PairId,
        RunId = lease.RunId,
        Conversation = new Conversation
        {
            Messages = { lease.Turns.Select(turn => new ChatMessage { Role = turn.Role, Content = turn.Content }) },
        },
        ResponseFirst = lease.First,
        ResponseSecond = lease.Second,
        ExpiresUnixMs = lease.ExpiresUnixMs,
        GuidelinesHash = lease.GuidelinesHash,
    };

    public static FeedbackProgress Of(LabellingProgress progress) => new()
    {
        RunId = progress.RunId,
        Stage = progress.Stage,
        State = progress.State switch
        {
            Ledger.LabellingState.Open => LabellingState.Open,
            Ledger.LabellingState.Paused => LabellingState.Paused,
            Ledger.LabellingState.Ended => LabellingState.Ended,
            _ => LabellingState.Unspecified,
        },
        Done = progress.Done,
        Wanted = progress.Wanted,
        Flagged = progress.Flagged,
        Labellers =
        {
            progress.Labellers.Select(labeller => new V1.LabellerProgress
            {
                Labeller = labeller.LabellerId,
                IsProgram = labeller.IsProgram,
                Counted = labeller.Counted,
                Repeats = labeller.Repeats,
                Ties = labeller.Ties,
                Skipped = labeller.Skipped,
                Flagged = labeller.Flagged,
                MeanElapsedMs = labeller.MeanElapsedMs,
            }),
        },
    };

    public static V1.IssuedSecret Of(Feedback.IssuedSecret issued) => new()
    {
        Labeller = issued.LabellerId,
        Secret = issued.Secret,
        ExpiresUnixMs = issued.ExpiresUnixMs ?? 0,
    };

    public static LabellerAccount Of(Account account) => new()
    {
        Name = account.Id,
        Role = account.Role switch
        {
            Feedback.LabellerRole.Viewer => V1.LabellerRole.Viewer,
            Feedback.LabellerRole.Labeller => V1.LabellerRole.Labeller,
            Feedback.LabellerRole.Lead => V1.LabellerRole.Lead,
            _ => V1.LabellerRole.Unspecified,
        },
        IsProgram = account.IsProgram,
        CreatedBy = account.CreatedBy,
        CreatedUnixMs = account.CreatedUnixMs,
        IsRevoked = account.IsRevoked,
        HasSignedIn = account.HasSignedIn,
    };

    /// <exception cref="ArgumentException">No verdict is named.</exception>
    public static Verdict VerdictOf(PreferenceVerdict verdict) => verdict switch
    {
        PreferenceVerdict.First => Verdict.First,
        PreferenceVerdict.Second => Verdict.Second,
        PreferenceVerdict.Tie => Verdict.Tie,
        PreferenceVerdict.BothBad => Verdict.BothBad,
        PreferenceVerdict.Skip => Verdict.Skip,
        PreferenceVerdict.Flag => Verdict.Flag,
        _ => throw new ArgumentException("name a verdict: first, second, tie, both bad, skip or flag", nameof(verdict)),
    };

    /// <exception cref="ArgumentException">No role is named.</exception>
    public static Feedback.LabellerRole RoleOf(V1.LabellerRole role) => role switch
    {
        V1.LabellerRole.Viewer => Feedback.LabellerRole.Viewer,
        V1.LabellerRole.Labeller => Feedback.LabellerRole.Labeller,
        V1.LabellerRole.Lead => Feedback.LabellerRole.Lead,
        _ => throw new ArgumentException("name a role: viewer, labeller or lead", nameof(role)),
    };
}
