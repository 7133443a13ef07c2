using System.CommandLine;

namespace Rlhf.Benchmarks.HhReward;

/// <summary>The command "hh-reward".</summary>
internal static class HhRewardCommand
{
    /// <summary>Makes it.</summary>
    /// <param name="threads">The option that says how many processor threads there are.</param>
    public static Command Create(Option<int> threads)
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder of HH-RLHF's files, dev-train.harmless-base.jsonl and so on.", Required = true };
        data.AcceptExistingOnly();
        var seed = new Option<ulong>("--seed") { Description = "Of weights, order and resamples.", DefaultValueFactory = _ => 1 };
        var isCrossValidation = new Option<bool>("--cross-validate") { Description = "Five parts of dev-train in turn; dev-val isn't read." };
        var output = new Option<string>("--out") { Description = "Folder for the models; a temporary one without it." };
        var command = new Command("hh-reward", "Trains reward models on HH-RLHF's pairs, and reports their accuracy with intervals.") { data, seed, threads, isCrossValidation, output };
        command.SetAction(parsed =>
        {
            var folder = parsed.GetValue(output) ?? Directory.CreateTempSubdirectory("rlhf-hh-").FullName;
            var study = new HhRewardStudy(parsed.GetRequiredValue(data).FullName, parsed.GetValue(seed), parsed.GetValue(threads), folder);
            if (parsed.GetValue(isCrossValidation))
            {
                study.CrossValidate();
            }
            else
            {
                study.Validate();
            }
        });
        return command;
    }
}
