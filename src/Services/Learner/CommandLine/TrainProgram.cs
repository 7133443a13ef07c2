using System.CommandLine;
using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.CommandLine.Plotting;
using Rlhf.Learner.Training;
using Rlhf.ServiceDefaults;
using TorchSharp;

namespace Rlhf.Learner.CommandLine;

/// <summary>
/// The trainer without the service: <c>train sft|reward|ppo --config FILE</c>, on local files. One thread does it all, from
/// beginning to end, as tensors want it.
/// </summary>
internal static class TrainProgram
{
    /// <summary>The program's first argument that leads here.</summary>
    public const string Name = "train";

    private const int Success = 0;
    private const int Failure = 1;
    private const int UsageError = 2;
    private const int Interrupted = 128 + 2; // as shells have it for Ctrl-C

    /// <summary>Runs a command.</summary>
    /// <param name="args">The program's arguments, "train" among them.</param>
    /// <param name="output">Where help and progress go.</param>
    /// <param name="error">Where the sentence goes that says what is wrong.</param>
    /// <param name="isTerminal">Whether lines of the output can be written over.</param>
    /// <param name="cancellationToken">Ends the training between two updates.</param>
    /// <returns>The exit code: 0 when it succeeded, 1 when it failed, 2 when command line or config ask for what cannot be.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error, bool isTerminal, CancellationToken cancellationToken)
    {
        Command Method<T>(string name, string description, Action<LocalTraining, T, CancellationToken> run)
            where T : TrainingConfig, new()
        {
            var config = new Option<string>("--config") { Description = $"The config file (YAML). {ConfigHelp.Of(new T())}", HelpName = "FILE", Required = true };
            var command = new Command(name, description) { config };
            command.SetAction(parsed => Train(name, parsed.GetRequiredValue(config), run, output, isTerminal, cancellationToken));
            return command;
        }

        var train = new Command(Name, "Trains on local files, without broker or AppHost. Ctrl-C ends a training between two updates.")
        {
            Method<SupervisedConfig>(SupervisedTraining.Method, "Fine-tunes a model on responses.", SupervisedTraining.Run),
            Method<RewardModelConfig>(RewardModelTraining.Method, "Trains a reward model on preferences.", RewardModelTraining.Run),
            Method<PpoConfig>(PpoTraining.Method, "Trains an adapter by proximal policy optimization against a reward.", PpoTraining.Run),
            PlotCommand.Create(output),
        };
        var parsed = new RootCommand("The Learner. Without a command it is the service.") { train }.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"error: {parsed.Errors[0].Message} --help says more.");
            return UsageError;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            error.WriteLine("Stopped between two updates. The same command starts it again.");
            return Interrupted;
        }
        catch (Exception exception) when (exception is ConfigException or StartupException)
        {
            return Say(error, exception, UsageError);
        }
        catch (Exception exception) when (exception is TrainingException or ArgumentException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return Say(error, exception, Failure); // their messages are written for people
        }
    }

    private static int Train<T>(
        string method, string path, Action<LocalTraining, T, CancellationToken> run, TextWriter output, bool isTerminal, CancellationToken cancellationToken)
        where T : TrainingConfig, new()
    {
        var config = ConfigReader.Read<T>(path);
        using var scope = torch.NewDisposeScope();
        using var training = new LocalTraining(method, config, output, isTerminal);
        torch.set_num_threads(training.Threads);
        run(training, config, cancellationToken);
        return Success;
    }

    private static int Say(TextWriter error, Exception exception, int exitCode)
    {
        error.WriteLine("error: " + exception.Message.ReplaceLineEndings(" "));
        return exitCode;
    }
}
