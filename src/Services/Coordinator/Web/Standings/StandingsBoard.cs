using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Ratings;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Web.Standings;

/// <summary>
/// Keeps the ratings of versions and raters of the newest run, and of runs that somebody looked at, as the ledger grows: a page shows what is
/// here and waits only where nothing is yet. Rating hundreds of thousands of comparisons takes a second or two.
/// </summary>
internal sealed class StandingsBoard(IDbContextFactory<LedgerContext> contexts, LedgerChanges changes, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan _shortestPause = TimeSpan.FromSeconds(5);

    // What somebody who opens a page waits for ratings.
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(300);

    // At most a twentieth of one processor goes into ratings.
    private const int PauseForWork = 19;

    private readonly ConcurrentDictionary<string, Lazy<Task<VersionStandings>>> _standings = new();

    /// <summary>A run's versions and raters as they were rated last; rates them where nobody has yet.</summary>
    public Task<VersionStandings> FindAsync(string runId, CancellationToken cancellationToken) =>
        // On a thread of its own: SQLite reads on the caller's.
        _standings.GetOrAdd(runId, id => new Lazy<Task<VersionStandings>>(() => Task.Run(() => MakeAsync(id, CancellationToken.None)))).Value.WaitAsync(cancellationToken);

    /// <summary>As <see cref="FindAsync"/>; null where that takes longer than a page may.</summary>
    public async Task<VersionStandings?> FindSoonAsync(string runId, CancellationToken cancellationToken)
    {
        var made = FindAsync(runId, cancellationToken);
        return await Task.WhenAny(made, Task.Delay(_patience, time, cancellationToken)) == made ? await made : null;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var change = changes.Next;
            var since = Stopwatch.GetTimestamp();
            foreach (var runId in await WatchedAsync(stoppingToken))
            {
                await RenewAsync(runId, stoppingToken);
            }

            var worked = Stopwatch.GetElapsedTime(since);
            await Task.Delay(worked * PauseForWork > _shortestPause ? worked * PauseForWork : _shortestPause, time, stoppingToken);
            await change.WaitAsync(stoppingToken);
        }
    }

    private async Task<IReadOnlyList<string>> WatchedAsync(CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var newest = await ledger.Runs.AsNoTracking().OrderByDescending(run => run.CreatedUnixMs).Select(run => run.RunId).Take(1).ToListAsync(cancellationToken);
        return [.. _standings.Keys.Union(newest)];
    }

    private async Task RenewAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var count = await ledger.Comparisons.CountAsync(comparison => comparison.RunId == runId, cancellationToken);
        if (_standings.TryGetValue(runId, out var known) && known.Value.IsFaulted)
        {
            _standings.TryRemove(KeyValuePair.Create(runId, known));
        }

        if ((await FindAsync(runId, cancellationToken)).Comparisons != count)
        {
            var made = await MakeAsync(runId, cancellationToken);
            _standings[runId] = new Lazy<Task<VersionStandings>>(Task.FromResult(made));
        }
    }

    private async Task<VersionStandings> MakeAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var run = await ledger.Runs.AsNoTracking().SingleAsync(row => row.RunId == runId, cancellationToken);
        var options = RunDefinitionReader.Read(run.Definition).Stages.OfType<RatingsOptions>().LastOrDefault() ?? new RatingsOptions();
        var answers = new Dictionary<string, (int Number, string Version)>();
        await foreach (var answer in ledger.Responses.AsNoTracking().Where(response => response.RunId == runId)
            .Select(response => new { response.ResponseId, response.PolicyVersion }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            answers[answer.ResponseId] = (answers.Count, answer.PolicyVersion);
        }

        var opinions = new OpinionList();
        var games = new List<(string Judge, string First, string Second, double Outcome)>();
        var (count, within) = (0, 0);
        var rows = ledger.Comparisons.AsNoTracking().Where(comparison => comparison.RunId == runId).OrderBy(comparison => comparison.MessageId)
            .Select(row => new { row.ResponseAId, row.ResponseBId, row.PreferenceA, row.LabellerId, row.JudgeVersion, row.PrincipleId });
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            count++;
            var ((a, first), (b, second)) = (answers[row.ResponseAId], answers[row.ResponseBId]);
            opinions.Add(a, b, row.PreferenceA, row.LabellerId, row.JudgeVersion, row.PrincipleId);
            if (first == second)
            {
                within++;
            }
            else
            {
                games.Add((row.LabellerId ?? row.JudgeVersion ?? "", first, second, row.PreferenceA));
            }
        }

        // Ids sort by stage and prompt; Elo depends on the order, and one that is drawn favours nobody.
        var shuffled = games.ToArray();
        var random = new Random((int)(run.Seed & int.MaxValue));
        random.Shuffle(shuffled);
        var byJudge = new Dictionary<string, IReadOnlyList<RatedPlayer>> { [""] = Rate(shuffled, options) };
        foreach (var judge in shuffled.GroupBy(game => game.Judge).OrderByDescending(group => group.Count()))
        {
            byJudge[judge.Key] = Rate([.. judge], options);
        }

        return new VersionStandings(count, within, time.GetUtcNow().ToUnixTimeMilliseconds(), byJudge, RaterStandings.Of(opinions.All, options, random));
    }

    private static IReadOnlyList<RatedPlayer> Rate(
        IReadOnlyList<(string Judge, string First, string Second, double Outcome)> games, RatingsOptions options) =>
        RatingTable.Of([.. games.Select(game => (game.First, game.Second, game.Outcome))], options.EloK, options.Penalty);
}
