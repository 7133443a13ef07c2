using System.CommandLine;
using Rlhf.Benchmarks;
using Rlhf.Benchmarks.HhReward;

var threads = new Option<int>("--threads") { Description = "Processor threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
var root = new RootCommand("Measures this machine; every speed is also a ratio to another one of the same run.");
Command[] commands =
[
    DecodeBenchmark.Create(threads),
    .. TrainBenchmark.Create(threads),
    TokenizeBenchmark.Create(),
    .. LoadBenchmark.Create(threads),
    RewardBenchmark.Create(threads),
    HhRewardCommand.Create(threads),
    RatingsBenchmark.Create(),
];
foreach (var command in commands)
{
    root.Subcommands.Add(command);
}
return root.Parse(args).Invoke();
