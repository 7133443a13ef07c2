// A program that labels in place of people: it follows a stated rule, with a little noise, through the same service as any client.
// The run's report says that its labels came from a program.
using System.CommandLine;
using Rlhf.RuleLabeller;
using Rlhf.V1;

var coordinator = new Option<string>("--coordinator") { Description = "The Coordinator's gRPC address.", Required = true };
var tokenFile = new Option<FileInfo>("--lead-token") { Description = "The file DATA/coordinator/lead-token.", Required = true };
var rule = new Option<string>("--rule") { Description = "harmless: decline harmful requests, help with others. shorter: the shorter answer.", DefaultValueFactory = static _ => "harmless" };
rule.AcceptOnlyFromAmong([.. Rules.Names]);
var count = new Option<int>("--labellers") { Description = "How many label in turn, each under an account of its own.", DefaultValueFactory = static _ => 2 };
var noise = new Option<double>("--noise") { Description = "How often a labeller says the opposite of the rule.", DefaultValueFactory = static _ => 0.05 };
var pause = new Option<double>("--seconds-per-label") { Description = "How long a labeller thinks about a pair.", DefaultValueFactory = static _ => 0 };
var seed = new Option<int>("--seed") { Description = "Seed of the noise.", DefaultValueFactory = static _ => 1 };
var command = new RootCommand("Labels the comparisons of a waiting run by a rule, until its goal is met.") { coordinator, tokenFile, rule, count, noise, pause, seed };
command.SetAction(async (parsed, cancellationToken) =>
{
    using var channel = CoordinatorChannel.To(parsed.GetRequiredValue(coordinator));
    var client = new FeedbackService.FeedbackServiceClient(channel);
    var leadToken = await File.ReadAllTextAsync(parsed.GetRequiredValue(tokenFile).FullName, cancellationToken);
    var habits = new LabellingHabits(
        Rules.Named(parsed.GetRequiredValue(rule)), parsed.GetValue(noise), TimeSpan.FromSeconds(parsed.GetValue(pause)));
    var labellers = new List<LabellingProgram>();
    for (var i = 1; i <= parsed.GetValue(count); i++)
    {
        labellers.Add(await LabellingProgram.RegisterAsync(
            client, leadToken, $"rule-{i}", habits, (parsed.GetValue(seed) * 1000) + i, cancellationToken));
    }

    await Turns.LabelAsync(labellers, cancellationToken);
    foreach (var labeller in labellers)
    {
        Console.WriteLine($"{labeller.Name}: {labeller.Counted} labels that count");
    }
});
return await command.Parse(args).InvokeAsync();
