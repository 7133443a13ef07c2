using Rlhf.V1;

namespace Rlhf.Clients.Reward.Internal;

/// <summary>Generated messages to records.</summary>
internal static class Messages
{
    public static ItemResult ToResult(ScoreResult result) => result.Error is { } error
        ? ItemResult.Of(ToFailure(error))
        : result is { HasRaw: true, HasNormalised: true, HasRating: true }
            ? ItemResult.Of(new Score(
                result.Raw, result.Normalised, result.Rating, result.Spread, [.. result.Members], result.TokenCount, result.Truncated, result.FromCache, result.ModelVersion))
            : ItemResult.Of(new ItemFailure(ItemFailureCode.Unknown, "The service sent neither a score nor a reason.")); // never 0 in its place

    public static TokenizedItem ToTokens(TokenizeResult result) => result.Tokens is { } tokens
        ? new TokenizedItem([.. tokens.TokenIds], tokens.TokenizerHash, Failure: null)
        : new TokenizedItem([], "", ToFailure(result.Error ?? new ItemError { Message = "The service sent neither tokens nor a reason." }));

    public static RewardServiceInfo ToInfo(RewardInfoResponse info) => new(
        info.LatestVersion.Length == 0 ? null : info.LatestVersion, info.TokenizerHash, info.ContextLength, info.MaxItemsPerRequest, info.MaxMessageBytes, [.. info.Heads]);

    public static RewardModelInfo ToModel(RewardModelDescription model) => new(
        model.Version.VersionId, [.. model.Aliases], model.Loaded,
        model.Version.CreatedUnixMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(model.Version.CreatedUnixMs),
        [.. model.Version.Normalisation?.Heads.Select(head => head.Name) ?? []]);

    private static ItemFailure ToFailure(ItemError error) => new(
        Enum.IsDefined((ItemFailureCode)error.Code) ? (ItemFailureCode)error.Code : ItemFailureCode.Unknown, error.Message);
}
