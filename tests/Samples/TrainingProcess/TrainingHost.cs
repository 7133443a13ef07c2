using Google.Protobuf;
using Rlhf.Learner;
using Rlhf.Learner.Jobs;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Versions;
using Rlhf.V1;

namespace Rlhf.TrainingProcess;

/// <summary>
/// The Learner without web and broker, in a process that a test can kill: arguments are the model, the data folder, and which of
/// <see cref="SampleJobs"/> to run. It says when training begins, and at the end what came out.
/// </summary>
internal static class TrainingHost
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (model, data, method) = (args[0], args[1], args[2]);
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Model:Path"] = model,
            ["Data:Path"] = data,
            ["Torch:Threads"] = "1",
            ["Checkpoints:UpdatesBetween"] = "3",
        });
        builder.Logging.ClearProviders().AddConsole(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        LearnerServer.AddTraining(builder.Services);
        builder.Services.AddSingleton<InProcessSampler>();
        builder.Services.AddSingleton<Announce>(services => (_, _, message, _) => Announce(services, message));
        using var host = builder.Build();
        await host.StartAsync();
        var (specification, items) = SampleJobs.Of(method);
        var queue = host.Services.GetRequiredService<JobQueue>();
        var job = queue.Find(specification.JobId)
            ?? queue.Add(specification.JobId, host.Services.GetRequiredService<JobIntake>().Read(specification, items));
        await Console.Out.WriteLineAsync("training");
        for (var (now, changed) = job.Read(0); !TrainingJob.IsEnded(now.State); (now, changed) = job.Read(0))
        {
            await changed;
        }

        await Console.Out.WriteLineAsync(Outcome.Of(job.Read(0).Job, host.Services.GetRequiredService<VersionCatalog>()));
        await host.StopAsync();
        return 0;
    }

    private static Task Announce(IServiceProvider services, IMessage message)
    {
        if (message is RolloutRequested request)
        {
            services.GetRequiredService<InProcessSampler>().Enqueue(request, services.GetRequiredService<RolloutInbox>());
        }

        return Task.CompletedTask;
    }
}
