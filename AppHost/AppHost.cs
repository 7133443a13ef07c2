// The whole system on one screen. The model is written against Aspire's API; where Aspire's packages cannot be restored, Local/
// implements the same calls with processes on this machine.
using Rlhf.AppHost;
using Rlhf.AppHost.Options;

if (CommandLine.Parse(args, Console.Out, Console.Error, out var exitCode) is not { } wanted)
{
    return exitCode;
}

if (await ModelDownload.ResolveAsync(wanted) is not { } options)
{
    return AppHostProgram.Failure;
}

var builder = DistributedApplication.CreateBuilder(Orchestrator.ArgumentsFor(options));

// A connection string that is given wins; else a server of our own.
var cache = builder.AddRedisUnlessGiven("cache");
var messaging = builder.AddRabbitMQUnlessGiven("messaging");
var ledger = builder.AddLedgerDatabaseIfWanted("ledger", options);
var threads = ThreadShares.Of(Environment.ProcessorCount, options.Generators, options.RewardReplicas);

var learner = builder.AddProject<Projects.Learner>("learner")
    .WithBackingServers(cache, messaging)
    .WithModel(options.ModelPath, threads.Learner)
    .WithEnvironment("Data__Path", options.DataPathOf("learner"));

var generator = builder.AddProject<Projects.Generator>("generator")
    .WithBackingServers(cache, messaging)
    .WithService(learner)
    .WithModel(options.ModelPath, threads.Generator)
    .WithEnvironment("Data__Path", options.DataPathOf("generator"))
    .WithReplicas(options.Generators);

var reward = builder.AddProject<Projects.Reward>("reward")
    .WithBackingServers(cache, messaging)
    .WithService(learner)
    .WithModel(options.ModelPath, threads.Reward)
    .WithEnvironment("Data__Path", options.DataPathOf("reward"))
    .WithReplicas(options.RewardReplicas);

var judge = builder.AddProject<Projects.Judge>("judge")
    .WithBackingServers(cache, messaging)
    .WithService(generator)
    .WithFile("Constitution__Path", options.ConstitutionPath)
    .WithEnvironment("Data__Path", options.DataPathOf("judge"));

var coordinator = builder.AddProject<Projects.Coordinator>("coordinator")
    .WithBackingServers(cache, messaging)
    .WithService(generator).WithService(judge).WithService(reward).WithService(learner)
    .WaitFor(generator).WaitFor(judge).WaitFor(reward).WaitFor(learner)
    .WithLedger(ledger)
    .WithRun(options)
    .WithEnvironment("Data__Path", options.DataPathOf("coordinator"));

return await AppHostProgram.RunAsync(builder.Build(), coordinator, reward, generator, options);
