// A program that labels in place of people: it follows a stated rule, with a little noise, through the same service as any client.
// The run's report says that its labels came from a program.
using System.CommandLine;
using Grpc.Net.Client;
using Rlhf.RuleLabeller;
using Rlhf.V1;

var coordinator = new Option<string>("--coordinator") { Description = "The Coordinator's gRPC address.", Required = true };
var tokenFile = new Option<FileInfo>("--lead-token") { Description = "The file DATA/coordinator/lead-token.", Required = true };
var rule = new Option<string>("--rule") { Description = "harmless: decline harmful requests, help with others. shorter: the shorter answer.", DefaultValueFactory = static _ => "harmless" };
rule.AcceptOnlyFromAmong([.. Rules.Names]);
var labellers = new Option<int>("--labellers") { Description = "How many label at once, each under an account of its own.", DefaultValueFactory = static _ => 2 };
var noise = new Option<double>("--noise") { Description = "How often a labeller says the opposite of the rule.", DefaultValueFactory = static _ => 0.05 };
var seed = new Option<int>("--seed") { Description = "Seed of the noise.", DefaultValueFactory = static _ => 1 };
var command = new RootCommand("Labels the comparisons of a waiting run by a rule, until its goal is met.") { coordinator, tokenFile, rule, labellers, noise, seed };
command.SetAction(async (parsed, cancellationToken) =>
{
    using var channel = GrpcChannel.ForAddress(parsed.GetRequiredValue(coordinator));
    var client = new FeedbackService.FeedbackServiceClient(channel);
    var leadToken = await File.ReadAllTextAsync(parsed.GetRequiredValue(tokenFile).FullName, cancellationToken);
    var programs = new List<LabellingProgram>();
    for (var i = 1; i <= parsed.GetValue(labellers); i++)
    {
        programs.Add(await LabellingProgram.RegisterAsync(
            client, leadToken, $"rule-{i}", Rules.Named(parsed.GetRequiredValue(rule)), parsed.GetValue(noise), (parsed.GetValue(seed) * 1000) + i,
            cancellationToken));
    }

    var counts = await Task.WhenAll(programs.Select(program => program.LabelAsync(cancellationToken)));
    foreach (var (program, count) in programs.Zip(counts))
    {
        Console.WriteLine($"{program.Name}: {count} labels that count");
    }
});
return await command.Parse(args).InvokeAsync();
