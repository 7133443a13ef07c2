using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.V1;

namespace Rlhf.Learner.Ppo;

/// <summary>Watches a job's figures for what a person would want to know: a KL beyond its bound, and a score that rises while an evaluation falls.</summary>
internal sealed class PpoAlarms(PpoSettings settings)
{
    /// <summary>Figures of an evaluation begin so.</summary>
    public const string EvaluationPrefix = "evaluation_";

    private const double BetaFactor = 1.5;
    private const string FinishedFraction = "finished_fraction";

    private readonly Dictionary<string, List<(double Score, double Evaluation)>> _series = [];
    private readonly HashSet<string> _diverging = [];
    private bool _isBeyondMaxKl;

    /// <summary>Gets each alarm once when it begins, in a sentence.</summary>
    public Action<string> Warn { get; set; } = _ => { };

    /// <summary>Looks at a step's figures.</summary>
    /// <param name="step">The step's number.</param>
    /// <param name="figures">"score", "kl", "finished_fraction", and those of an evaluation.</param>
    /// <param name="controller">Of the next step.</param>
    /// <returns>The controller, with a larger beta where the settings say so.</returns>
    /// <exception cref="TrainingException">The KL is beyond its bound, and the settings end the job there.</exception>
    public IKlController Check(long step, IReadOnlyDictionary<string, double> figures, IKlController controller)
    {
        foreach (var (name, found) in NewDivergences(figures))
        {
            Warn($"At step {step} the score has risen over the last {RewardDivergence.Window} steps (by {found.ScoreChange:g3}) while {name} fell "
                + $"(by {-found.EvaluationChange:g3}): the policy may be exploiting the reward model. Read answers of this step before going on.");
        }

        return CheckKl(step, figures["kl"], controller);
    }

    /// <summary>Looks back at a step that had been checked before the job was cut off, and says nothing of it again.</summary>
    /// <param name="figures">As they were checked.</param>
    public void Recall(IReadOnlyDictionary<string, double> figures)
    {
        NewDivergences(figures);
        _isBeyondMaxKl = IsBeyondMaxKl(figures["kl"]);
    }

    private bool IsBeyondMaxKl(double kl) => settings.MaxKl > 0 && kl > settings.MaxKl;

    private IKlController CheckKl(long step, double kl, IKlController controller)
    {
        if (!IsBeyondMaxKl(kl))
        {
            _isBeyondMaxKl = false;
            return controller;
        }

        var raised = controller.Beta * BetaFactor;
        var sentence = $"At step {step} the KL to the baseline is {kl:g4} nats a response, beyond the bound of {settings.MaxKl:g4}; beta is {controller.Beta:g4}";
        if (settings.MaxKlAction == KlBoundAction.Stop)
        {
            throw new TrainingException($"{sentence}. Take the policy of an earlier step, or train with a larger beta or a lower learning rate.");
        }

        if (!_isBeyondMaxKl)
        {
            _isBeyondMaxKl = true;
            Warn(settings.MaxKlAction == KlBoundAction.RaiseBeta
                ? $"{sentence} and is multiplied by {BetaFactor} at each step until the KL is back."
                : $"{sentence}. Read answers of this step: the policy may be exploiting the reward model. A larger beta holds it nearer.");
        }

        return settings.MaxKlAction == KlBoundAction.RaiseBeta ? controller.WithBeta(raised) : controller;
    }

    // Those that begin with this step.
    private List<(string Name, RewardDivergence Found)> NewDivergences(IReadOnlyDictionary<string, double> figures)
    {
        var begun = new List<(string, RewardDivergence)>();
        foreach (var (name, value) in figures.Where(figure => figure.Key == FinishedFraction || figure.Key.StartsWith(EvaluationPrefix, StringComparison.Ordinal)))
        {
            if (!_series.TryGetValue(name, out var series))
            {
                _series[name] = series = [];
            }

            series.Add((figures["score"], value));
            if (RewardDivergence.Find(series) is not { } found)
            {
                _diverging.Remove(name);
            }
            else if (_diverging.Add(name))
            {
                begun.Add((name, found));
            }
        }

        return begun;
    }
}
