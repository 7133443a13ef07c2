using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Coordinator.Services;

/// <summary>People's comparisons: the contract stands, this version does not serve it.</summary>
internal sealed class FeedbackGrpcService : FeedbackService.FeedbackServiceBase
{
    public override Task<ComparisonLease> NextComparison(NextComparisonRequest request, ServerCallContext context) => throw NotServed();

    public override Task<SubmitPreferenceResponse> SubmitPreference(SubmitPreferenceRequest request, ServerCallContext context) => throw NotServed();

    public override Task<ComparisonLease> UndoPreference(UndoPreferenceRequest request, ServerCallContext context) => throw NotServed();

    public override Task<FeedbackProgress> GetProgress(GetFeedbackProgressRequest request, ServerCallContext context) => throw NotServed();

    private static RpcException NotServed() => new(new Status(
        StatusCode.Unimplemented, "this version takes no comparisons from people; its preferences come from the judge"));
}
