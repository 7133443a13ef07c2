using Grpc.Core;
using Rlhf.Coordinator.Feedback;
using Rlhf.V1;

namespace Rlhf.Coordinator.Services;

/// <summary>People's comparisons and accounts over gRPC.</summary>
internal sealed class FeedbackGrpcService(ComparisonDesk desk, LabellerAccounts accounts, Feedback.Guidelines guidelines) : FeedbackService.FeedbackServiceBase
{
    private const int MaxIdLength = 300;
    private const string Scheme = "Bearer ";

    public override Task<NextComparisonResponse> NextComparison(NextComparisonRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who => FeedbackMessages.Of(
            await desk.NextAsync(who, Bounded(request.RunId), [.. request.HeldLeaseIds.Select(Bounded)], context.CancellationToken)));

    public override Task<SubmitPreferenceResponse> SubmitPreference(SubmitPreferenceRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who =>
        {
            var label = new LabelInput(FeedbackMessages.VerdictOf(request.Verdict), request.Strength, request.Reason, request.ElapsedMs);
            var done = await desk.SubmitAsync(who, Bounded(request.LeaseId), label, context.CancellationToken);
            return new SubmitPreferenceResponse { RecordedBefore = done.RecordedBefore, Counted = done.IsCounted };
        });

    public override Task<ComparisonLease> UndoPreference(UndoPreferenceRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who => FeedbackMessages.Of(
            await desk.UndoAsync(who, Bounded(request.RunId), Bounded(request.LeaseId), context.CancellationToken)));

    public override Task<FeedbackProgress> GetProgress(GetFeedbackProgressRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who => FeedbackMessages.Of(
            await desk.ProgressAsync(who, Bounded(request.RunId), context.CancellationToken)));

    public override Task<V1.Guidelines> GetGuidelines(GetGuidelinesRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, _ =>
        {
            var text = guidelines.Current();
            return Task.FromResult(new V1.Guidelines { Text = text.Text, Sha256 = text.Hash });
        });

    public override Task<FeedbackProgress> FinishLabelling(FinishLabellingRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who => FeedbackMessages.Of(
            await desk.FinishAsync(who, Bounded(request.RunId), context.CancellationToken)));

    public override async Task<V1.IssuedSecret> RedeemInvite(RedeemInviteRequest request, ServerCallContext context) =>
        await accounts.RedeemInviteAsync(request.Code, context.CancellationToken) is { } session
            ? FeedbackMessages.Of(session)
            : throw new RpcException(new Status(
                StatusCode.Unauthenticated, "the invitation is unknown, used or expired; ask a lead for another one"));

    public override Task<Invitation> InviteLabeller(InviteLabellerRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who =>
        {
            var invite = await accounts.InviteAsync(who, request.Name, FeedbackMessages.RoleOf(request.Role), context.CancellationToken);
            return new Invitation
            {
                Labeller = invite.LabellerId,
                Code = invite.Secret,
                Url = accounts.LinkOf(invite.Secret),
                ExpiresUnixMs = invite.ExpiresUnixMs ?? 0,
            };
        });

    public override Task<V1.IssuedSecret> RegisterProgram(RegisterProgramRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who => FeedbackMessages.Of(
            await accounts.RegisterProgramAsync(who, request.Name, FeedbackMessages.RoleOf(request.Role), context.CancellationToken)));

    public override Task<ListLabellersResponse> ListLabellers(ListLabellersRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who => new ListLabellersResponse
        {
            Labellers = { (await accounts.ListAsync(who, context.CancellationToken)).Select(FeedbackMessages.Of) },
        });

    public override Task<RevokeLabellerResponse> RevokeLabeller(RevokeLabellerRequest request, ServerCallContext context) =>
        AsLabellerAsync(context, async who =>
        {
            await accounts.RevokeAsync(who, Bounded(request.Name), context.CancellationToken);
            return new RevokeLabellerResponse();
        });

    private async Task<T> AsLabellerAsync<T>(ServerCallContext context, Func<Labeller, Task<T>> call)
    {
        var header = context.RequestHeaders.GetValue("authorization") ?? "";
        var secret = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
        var who = await accounts.FindAsync(secret, context.CancellationToken)
            ?? throw new RpcException(new Status(
                StatusCode.Unauthenticated, "the call has no valid token; send the metadata 'authorization: Bearer TOKEN'"));
        try
        {
            return await call(who);
        }
        catch (RefusedException refused)
        {
            throw new RpcException(new Status(CodeOf(refused.Refusal), refused.Message));
        }
    }

    private static StatusCode CodeOf(Refusal refusal) => refusal switch
    {
        Refusal.NotFound => StatusCode.NotFound,
        Refusal.Forbidden => StatusCode.PermissionDenied,
        Refusal.Exists => StatusCode.AlreadyExists,
        _ => StatusCode.FailedPrecondition,
    };

    private static string Bounded(string id) => id.Length <= MaxIdLength
        ? id
        : throw new ArgumentException($"an id has {id.Length} characters; ids have {MaxIdLength} at most", nameof(id));
}
