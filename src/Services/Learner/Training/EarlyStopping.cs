using System.Text.Json;
using Rlhf.LanguageModels.Checkpoints;
using Rlhf.Learner.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// Ends a fit when the loss on examples that it does not train on has stopped falling, and gives back the weights of the best epoch
/// (Prechelt 1998, "Early stopping — but when?"). Part of the fit's checkpoints.
/// </summary>
/// <param name="parameters">All that train.</param>
/// <param name="patience">Epochs without a lower loss after which the fit ends.</param>
/// <param name="measure">The loss on the validation examples with today's weights.</param>
internal sealed class EarlyStopping(IReadOnlyList<Parameter> parameters, int patience, Func<double> measure) : IDisposable
{
    private const string WeightsName = "best.safetensors";
    private const string FiguresName = "best.json";

    private Figures _figures = new(0, 0, double.PositiveInfinity, 0);
    private Tensor[] _best = [];

    /// <summary>Epochs measured.</summary>
    public int Epochs => _figures.Epochs;

    /// <summary>The epoch whose loss was lowest, from 1; 0 before the first.</summary>
    public int BestEpoch => _figures.BestEpoch;

    /// <summary>The lowest loss.</summary>
    public double BestLoss => _figures.BestLoss;

    /// <summary>The newest epoch's loss.</summary>
    public double NewestLoss => _figures.NewestLoss;

    /// <summary>Whether the loss has not fallen for as long as is waited for.</summary>
    public bool IsOver => Epochs - BestEpoch >= patience;

    /// <summary>Measures after an epoch, and keeps the weights if none were better.</summary>
    /// <exception cref="TrainingException">The loss is not finite.</exception>
    public void Measure()
    {
        var loss = measure();
        var epoch = Epochs + 1;
        Update.RequireFinite(loss, "validation loss", () => $"the end of epoch {epoch}");
        if (loss < BestLoss)
        {
            _figures = new Figures(epoch, epoch, loss, loss);
            Keep(parameters);
        }
        else
        {
            _figures = _figures with { Epochs = epoch, NewestLoss = loss };
        }
    }

    /// <summary>Gives the parameters the weights of the best epoch.</summary>
    public void TakeBest()
    {
        using var noGradients = no_grad();
        foreach (var (parameter, weights) in parameters.Zip(_best))
        {
            parameter.copy_(weights);
        }
    }

    /// <summary>Writes what a resumed fit needs into a checkpoint; nothing before the first epoch's end.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder)
    {
        if (_best.Length > 0)
        {
            SafetensorsWriter.Write(Path.Combine(folder, WeightsName), _best.Index().ToDictionary(item => FitCheckpoints.Name(item.Index), item => item.Item));
            File.WriteAllText(Path.Combine(folder, FiguresName), JsonSerializer.Serialize(_figures));
        }
    }

    /// <summary>Goes back to what a checkpoint has of it.</summary>
    /// <exception cref="InvalidDataException">A file is malformed, or belongs to other parameters.</exception>
    public void Restore(Checkpoint checkpoint)
    {
        if (!checkpoint.Manifest.Files.ContainsKey(FiguresName))
        {
            return;
        }

        _figures = JsonSerializer.Deserialize<Figures>(File.ReadAllText(checkpoint.PathOf(FiguresName)))
            ?? throw new InvalidDataException($"{FiguresName} of {checkpoint.Folder} is empty.");
        Keep(parameters);
        FitCheckpoints.RestoreWeights(_best, checkpoint.PathOf(WeightsName));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var weights in _best)
        {
            weights.Dispose();
        }
    }

    private void Keep(IReadOnlyList<Tensor> weights)
    {
        using var noGradients = no_grad();
        Dispose();
        _best = [.. weights.Select(tensor => tensor.detach().clone().DetachFromDisposeScope())];
    }

    private sealed record Figures(int Epochs, int BestEpoch, double BestLoss, double NewestLoss);
}
