using Rlhf.Learner;
using Rlhf.Learner.CommandLine;
using Rlhf.ServiceDefaults;

if (args is [TrainProgram.Name, ..])
{
    using var signals = new InterruptSignals();
    return TrainProgram.Run(args, Console.Out, Console.Error, ProgressLine.IsTerminal, signals.Token);
}

if (args is [ReplayCommand.Name, ..])
{
    return ReplayCommand.Run(args, Console.Out, Console.Error);
}

// The current folder is the caller's; the service's settings stand beside the program.
return await ServiceHost.RunAsync(["--contentRoot", AppContext.BaseDirectory, .. args], LearnerServer.Configure, LearnerServer.Map);
