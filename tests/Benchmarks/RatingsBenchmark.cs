using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Rlhf.Coordinator.Ratings;

namespace Rlhf.Benchmarks;

/// <summary>Fits of Bradley and Terry over many comparisons, as a ledger of many answers has them.</summary>
internal static class RatingsBenchmark
{
    private const int Comparisons = 300_000;
    private const int Answers = 100_000;
    private const int AnswersPerPrompt = 4;
    private const int Versions = 8;
    private const double Penalty = 0.01;

    public static Command Create()
    {
        var command = new Command("ratings", $"Bradley-Terry over {Comparisons} comparisons.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        var random = new Random(1);
        var strengths = Enumerable.Range(0, Answers).Select(_ => (2 * random.NextDouble()) - 1).ToArray();
        var connected = Enumerable.Range(0, Comparisons).Select(_ => Play(random, strengths, random.Next(Answers), random.Next(Answers - 1))).ToList();
        var prompts = Enumerable.Range(0, Answers / AnswersPerPrompt)
            .Select(_ => Enumerable.Range(0, Comparisons * AnswersPerPrompt / Answers)
                .Select(_ => Play(random, strengths, random.Next(AnswersPerPrompt), random.Next(AnswersPerPrompt - 1))).ToList())
            .ToList();
        var versions = Enumerable.Range(0, Comparisons).Select(_ => Play(random, strengths, random.Next(Versions), random.Next(Versions - 1))).ToList();
        Time($"{prompts.Count} prompts of {AnswersPerPrompt} answers", () => prompts.ForEach(prompt => BradleyTerry.Fit(AnswersPerPrompt, prompt, Penalty)));
        Time($"{Answers} answers, any two compared", () => BradleyTerry.Fit(Answers, connected, Penalty));
        Time($"{Versions} versions", () => BradleyTerry.Fit(Versions, versions, Penalty));
        var names = Enumerable.Range(0, Versions).Select(version => $"v{version}").ToList();
        Time($"{Versions} versions with Elo and {RatingTable.Resamples} resamples", () => RatingTable.Of(names, versions, 32, Penalty, seed: 1));
    }

    private static Comparison Play(Random random, double[] strengths, int first, int second)
    {
        second += second >= first ? 1 : 0;
        return new Comparison(first, second, random.NextDouble() < 1 / (1 + Math.Exp(strengths[second] - strengths[first])) ? 1 : 0);
    }

    private static void Time(string what, Action action)
    {
        action();
        var since = Stopwatch.GetTimestamp();
        action();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Comparisons} comparisons, {what}: {Stopwatch.GetElapsedTime(since).TotalSeconds:F3} s"));
    }
}
