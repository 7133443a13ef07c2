using System.CommandLine;
using Rlhf.Benchmarks;

var threads = new Option<int>("--threads") { Description = "Processor threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
var large = new Option<bool>("--large") { Description = "Also a model of 135 million parameters (takes minutes and 2 GB)." };
var decode = new Command("decode", "Tokens a second: packed weights, TorchSharp, and PyTorch where python3 has it.") { threads, large };
decode.SetAction(parsed => DecodeBenchmark.Run(parsed.GetValue(threads), parsed.GetValue(large)));

var folders = new Argument<string[]>("folders") { Description = "Model folders with a tokenizer each.", Arity = ArgumentArity.OneOrMore };
var text = new Option<FileInfo>("--text") { Description = "A file of English text.", Required = true };
text.AcceptExistingOnly();
var tokenize = new Command("tokenize", "Megabytes of text a second, for English and for one long word.") { folders, text };
tokenize.SetAction(parsed => TokenizeBenchmark.Run(parsed.GetRequiredValue(folders), parsed.GetRequiredValue(text).FullName));

var load = new Command("load", "Seconds and memory from a folder to a model of 135 million parameters that can decode (writes 0.9 GB to the temporary folder).") { threads };
var model = new Option<DirectoryInfo>("--model") { Description = "Only what another adapter costs on this model folder." };
model.AcceptExistingOnly();
load.Options.Add(model);
load.SetAction(parsed =>
{
    if (parsed.GetValue(model) is { } chosen)
    {
        LoadBenchmark.MeasureUpdates(chosen.FullName, parsed.GetValue(threads));
        return;
    }

    LoadBenchmark.Run(parsed.GetValue(threads));
});
var (folder, way) = (new Argument<string>("folder"), new Argument<string>("way"));
var once = new Argument<int>("threads");
var loadOnce = new Command("load-once", "One load in this process, for load.") { folder, way, once };
loadOnce.Hidden = true;
loadOnce.SetAction(parsed => LoadBenchmark.Once(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(way), parsed.GetValue(once)));
var reward = new Command("reward", "The Reward service against the bare forward pass, from the cache, under a burst, and during a take-over.") { threads };
reward.SetAction(parsed => RewardBenchmark.RunAsync(parsed.GetValue(threads)));
return new RootCommand("Measures this machine; every speed is also a ratio to another one of the same run.") { decode, tokenize, load, loadOnce, reward }.Parse(args).Invoke();
