using System.Diagnostics;
using Rlhf.Reward.Engine;
using Rlhf.Reward.Models;
using Rlhf.V1;

namespace Rlhf.Reward.Scoring;

/// <summary>Items to results: tokens, then the cache, then the engine. Both doors (calls and queue) come through here.</summary>
internal sealed class Scorer(ScoringEngine engine, ScoreCache cache, RewardMetrics metrics)
{
    /// <summary>As many results as items, in their order; an item that can't be scored has its reason and nothing else.</summary>
    /// <exception cref="OverCapacityException">Too many items wait already.</exception>
    /// <exception cref="UnknownHeadException">The version has no such head.</exception>
    public async Task<ScoreResult[]> ScoreAsync(
        LoadedRewardModel model, IReadOnlyList<ScoreItem> items, ScoringPolicy policy, CancellationToken cancellationToken)
    {
        engine.RequireRoom();
        var head = model.PlaceOf(policy.Head);
        var started = Stopwatch.GetTimestamp();
        var results = new ScoreResult[items.Count];
        var fitting = new List<(int Index, ItemTokens Tokens)>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            try
            {
                var ids = ItemTokens.Of(items[i], model.Tokenizer);
                fitting.Add((i, ItemTokens.Fit(ids, model.ContextLength, model.VocabularySize, model.Tokenizer, policy.Truncation)));
            }
            catch (ItemException exception)
            {
                results[i] = new ScoreResult { Error = exception.Error };
            }
        }
        metrics.Spent(RewardStage.Tokenise, Stopwatch.GetElapsedTime(started));
        var raw = await RawScoresAsync(model, [.. fitting.Select(item => item.Tokens.Ids)], policy, cancellationToken);
        foreach (var ((index, tokens), (members, isFromCache)) in fitting.Zip(raw))
        {
            results[index] = ToResult(model.Version, tokens, members, head, isFromCache, policy.IncludeMembers);
        }
        foreach (var result in results)
        {
            metrics.Scored(result);
        }
        return results;
    }

    private async Task<(float[] Members, bool IsFromCache)[]> RawScoresAsync(
        LoadedRewardModel model, IReadOnlyList<int[]> sequences, ScoringPolicy policy, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var cached = policy.Cache == CachePolicy.Use ? await cache.GetAsync(model, sequences) : new float[]?[sequences.Count];
        metrics.Spent(RewardStage.Cache, Stopwatch.GetElapsedTime(started));
        var missing = Enumerable.Range(0, sequences.Count).Where(i => cached[i] is null).ToArray();
        var computed = missing.Length == 0 ? [] : await engine.ScoreAsync(model, [.. missing.Select(i => sequences[i])], policy.Caller, cancellationToken);
        var scores = cached.Select(members => (Members: members ?? [], IsFromCache: members is not null)).ToArray();
        foreach (var (i, members) in missing.Zip(computed))
        {
            scores[i].Members = members;
        }
        if (policy.Cache != CachePolicy.Bypass)
        {
            await cache.SetAsync(model, [.. missing.Zip(computed).Where(pair => pair.Second.All(float.IsFinite)).Select(pair => (sequences[pair.First], pair.Second))]);
        }
        return scores;
    }

    private static ScoreResult ToResult(ModelVersion version, ItemTokens tokens, float[] members, int? head, bool isFromCache, bool includeMembers)
    {
        if (!members.All(float.IsFinite))
        {
            return new ScoreResult
            {
                Error = new ItemError { Code = ErrorCode.NotFinite, Message = $"Version '{version.VersionId}' gave a score that is not a finite number." },
            };
        }
        var scores = HeadScores.Of(version.Normalisation, members, head);
        var result = new ScoreResult
        {
            Raw = scores.Raw,
            Normalised = scores.Normalised,
            Rating = scores.Rating,
            Spread = scores.Spread,
            TokenCount = tokens.Ids.Length,
            Truncated = tokens.IsTruncated,
            FromCache = isFromCache,
            ModelVersion = version.VersionId,
        };
        if (includeMembers)
        {
            result.Members.Add(members.Select(score => (double)score));
        }
        return result;
    }
}
