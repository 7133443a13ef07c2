using Google.Protobuf.Reflection;
using Grpc.Core;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Reward.Http;

/// <summary>
/// What OpenRLHF's trainers read: <c>rewards</c>, and <c>scores</c> by which they filter. Its lists have no place for an item that failed, so
/// one such item fails the call and is named: nothing is ever answered with 0 or null.
/// </summary>
internal static class TrainerResponse
{
    private static readonly EnumDescriptor s_codes = MessagesReflection.Descriptor.EnumTypes.First(type => type.Name == nameof(ErrorCode));

    public static IResult Of(IReadOnlyList<ScoreResult> results)
    {
        var failed = results.Index().Where(result => result.Item.Error is not null).ToArray();
        if (failed.Length == 0)
        {
            var normalised = results.Select(result => result.Normalised).ToArray();
            return Results.Json(new { rewards = normalised, scores = normalised });
        }
        var isCallersFault = failed.All(result => result.Item.Error.Code is ErrorCode.InvalidItem or ErrorCode.TooLong or ErrorCode.TokenizerMismatch);
        var (first, why) = (failed[0].Index, failed[0].Item.Error);
        return Problems.Of(
            new RpcException(new Status(
                isCallersFault ? StatusCode.InvalidArgument : StatusCode.Internal,
                $"{failed.Length} of {results.Count} texts can't be scored, query[{first}] first: {why.Message}")),
            ("items", failed.Select(result => new
            {
                field = $"query[{result.Index}]",
                code = s_codes.FindValueByNumber((int)result.Item.Error.Code).Name,
                message = result.Item.Error.Message,
            }).ToArray()));
    }
}
