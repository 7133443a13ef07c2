using Rlhf.Learner;
using Rlhf.Learner.CommandLine;
using Rlhf.ServiceDefaults;

if (args is [ReplayCommand.Name, ..])
{
    return ReplayCommand.Run(args, Console.Out, Console.Error);
}

return await ServiceHost.RunAsync(args, LearnerServer.Configure, LearnerServer.Map);
