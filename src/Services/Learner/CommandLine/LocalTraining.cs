using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.Data;
using Rlhf.Learner.StepLogs;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.PolicyOptimization;
using Rlhf.ServiceDefaults;

namespace Rlhf.Learner.CommandLine;

/// <summary>What the trainings of the command line have in common: model, output folder, progress, and the record at the end.</summary>
internal sealed class LocalTraining : IProgress<TrainingStep>, IDisposable
{
    private static readonly string s_softwareVersion =
        typeof(LocalTraining).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private readonly string _method;
    private readonly TrainingConfig _config;
    private readonly TextWriter _output;
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private readonly ProgressLine _line;
    private readonly StepLog? _log;

    /// <summary>Takes the output folder and reads the model's tokenizer and shape.</summary>
    /// <param name="method">"sft", "reward", "ppo" or "dpo".</param>
    /// <param name="config">The training's.</param>
    /// <param name="output">Where progress is shown.</param>
    /// <param name="isTerminal">Whether lines of it can be written over.</param>
    /// <exception cref="ConfigException">The output folder holds something else.</exception>
    /// <exception cref="StartupException">The model can't be read.</exception>
    public LocalTraining(string method, TrainingConfig config, TextWriter output, bool isTerminal)
    {
        (_method, _config, _output) = (method, config, output);
        Folder = OutputFolder.Open(method, config);
        Base = new BaseModel(new ModelOptions { Path = config.Model });
        Encoder = new ExampleEncoder(Base.Tokenizer, Base.Config.ContextLength);
        _line = new ProgressLine(output, isTerminal);
        _log = config.StepLogs ? new StepLog(Folder.Root) : null;
    }

    /// <summary>Where the result goes.</summary>
    public OutputFolder Folder { get; }

    /// <summary>What it starts from.</summary>
    public BaseModel Base { get; }

    /// <summary>Makes tokens of texts.</summary>
    public ExampleEncoder Encoder { get; }

    /// <summary>Threads that compute.</summary>
    public int Threads => _config.Threads > 0 ? _config.Threads : Environment.ProcessorCount;

    /// <summary>Loads the model that it starts from; the caller owns it.</summary>
    public CausalLanguageModel LoadModel() => CausalLanguageModel.Load(Base.Folder);

    /// <summary>What the training goes on from after a kill, as long as config, model and data are the same.</summary>
    /// <param name="data">The data files.</param>
    public JobCheckpoints Checkpoints(IReadOnlyList<DataRecord> data)
    {
        string[] parts = [ConfigJson.Of(_config)?.ToJsonString() ?? "", .. ModelFiles().Values, .. data.Select(file => file.Sha256)];
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));
        return new JobCheckpoints(Folder.Checkpoints, _config.Checkpoints, fingerprint, new TellingLogger(Tell));
    }

    /// <summary>Writes a line above the progress.</summary>
    public void Tell(string line) => _output.WriteLine(line);

    /// <inheritdoc/>
    public void Report(TrainingStep value)
    {
        _log?.Report(value);
        _line.Report(value);
    }

    /// <summary>Saves the model that was trained, with its tokenizer, and the record.</summary>
    /// <exception cref="IOException">The disk is full, or can't be written.</exception>
    public void Finish(
        Action<string> save,
        IReadOnlyList<DataRecord> data,
        IReadOnlyDictionary<string, double> results,
        Standardisation? normalisation = null,
        IReadOnlyDictionary<string, Standardisation>? heads = null)
    {
        Folder.Save(save);
        Folder.Finish(new TrainingRecord
        {
            Method = _method,
            SoftwareVersion = s_softwareVersion,
            Started = _started,
            Finished = DateTimeOffset.UtcNow,
            Config = ConfigJson.Of(_config),
            ModelFiles = ModelFiles(),
            TokenizerHash = Base.Tokenizer.Hash,
            Data = data,
            Results = results,
            Normalisation = normalisation,
            Heads = heads is { Count: > 0 } ? heads : null,
        });
        Tell($"Finished: {string.Join(", ", results.Select(result => FormattableString.Invariant($"{result.Key} {result.Value:g4}")))}");
        Tell($"The result is in {Folder.Root}.");
    }

    /// <inheritdoc/>
    public void Dispose() => _log?.Dispose();

    private Dictionary<string, string> ModelFiles() => Directory.EnumerateFiles(Base.Folder).Where(IsModelFile).Order(StringComparer.Ordinal)
        .ToDictionary(file => Path.GetFileName(file), HashOf);

    private static bool IsModelFile(string file) => Path.GetExtension(file) == ".safetensors" || Path.GetFileName(file) == "config.json";

    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
