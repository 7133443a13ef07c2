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
return new RootCommand("Measures this machine; every speed is also a ratio to another one of the same run.") { decode, tokenize }.Parse(args).Invoke();
