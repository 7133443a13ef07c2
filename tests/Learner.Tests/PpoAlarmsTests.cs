using Rlhf.Learner.Jobs;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.V1;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class PpoAlarmsTests
{
    private static readonly PpoSettings s_settings = new() { MaxKl = 10 };

    [Fact]
    public void A_KL_beyond_its_bound_warns_once_until_it_has_been_back()
    {
        var warnings = new List<string>();
        var alarms = new PpoAlarms(s_settings) { Warn = warnings.Add };
        IKlController controller = new FixedKlController(0.1);
        foreach (var (step, kl) in ((double[])[9, 11, 12, 10, 13]).Index())
        {
            controller = alarms.Check(step + 1, Figures(kl), controller);
        }

        Assert.Equal(2, warnings.Count);
        Assert.StartsWith("At step 2 the KL to the baseline is 11 nats a response, beyond the bound of 10; beta is 0.1", warnings[0], StringComparison.Ordinal);
        Assert.Equal(0.1, controller.Beta);
    }

    [Fact]
    public void A_KL_beyond_its_bound_raises_beta_or_ends_the_job_where_the_settings_say_so()
    {
        var raising = new PpoAlarms(s_settings with { MaxKlAction = KlBoundAction.RaiseBeta });
        var raised = raising.Check(1, Figures(11), new AdaptiveKlController(0.1, Target: 6));
        Assert.Equal(0.15, raised.Beta, 1e-12);
        Assert.Equal(0.15, raising.Check(2, Figures(9), raised).Beta, 1e-12);
        var stopping = new PpoAlarms(s_settings with { MaxKlAction = KlBoundAction.Stop });
        stopping.Check(1, Figures(10), raised);
        Assert.Throws<TrainingException>(() => stopping.Check(2, Figures(10.1), raised));
        Assert.Equal(raised, new PpoAlarms(s_settings with { MaxKl = 0, MaxKlAction = KlBoundAction.Stop }).Check(1, Figures(1e9), raised));
    }

    [Fact]
    public void A_score_that_rises_while_fewer_responses_finish_or_an_evaluation_falls_is_told_once_each()
    {
        var warnings = new List<string>();
        var alarms = new PpoAlarms(s_settings) { Warn = warnings.Add };
        for (var step = 1; step <= 30; step++)
        {
            var figures = Figures(1);
            figures["score"] = 0.1 * step;
            figures["finished_fraction"] = 1 - (0.01 * step);
            figures["evaluation_helpfulness"] = 5 - (0.02 * step);
            figures["evaluation_length"] = 7;
            alarms.Check(step, figures, new FixedKlController(0.1));
        }

        Assert.Equal(2, warnings.Count);
        Assert.Contains(warnings, warning => warning.StartsWith("At step 20 the score has risen", StringComparison.Ordinal) && warning.Contains("while finished_fraction fell (by 0.19)", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains("while evaluation_helpfulness fell", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(15)] // before the score's rise is long enough to be told
    [InlineData(25)] // after it was
    public void A_job_that_goes_on_after_a_cut_tells_what_it_would_have_told_without(int cutAfter)
    {
        Dictionary<string, double>[] steps =
        [
            .. Enumerable.Range(1, 30).Select(step => new Dictionary<string, double>
            {
                ["score"] = 0.1 * step, ["finished_fraction"] = 1 - (0.01 * step), ["kl"] = step is > 10 and < 28 ? 11 : 9,
            }),
        ];
        IEnumerable<string> Told(int recalled)
        {
            var warnings = new List<(int Step, string Sentence)>();
            var at = 0;
            var alarms = new PpoAlarms(s_settings) { Warn = sentence => warnings.Add((at, sentence)) };
            foreach (var figures in steps[..recalled])
            {
                alarms.Recall(figures);
            }

            foreach (var (index, figures) in steps.Index().Skip(recalled))
            {
                at = index + 1;
                alarms.Check(at, figures, new FixedKlController(0.1));
            }

            return warnings.Where(warning => warning.Step > cutAfter).Select(warning => warning.Sentence);
        }

        Assert.Equal(Told(0), Told(cutAfter));
        Assert.Equal(cutAfter < 20 ? 1 : 0, Told(cutAfter).Count());
    }

    [Fact]
    public void Warnings_before_a_cut_are_given_again()
    {
        using var job = new TrainingJob(new Job { JobId = "job" });
        var progress = new PpoProgress { Steps = { new TrainingStep(1, 2, new Dictionary<string, double> { ["kl"] = 11 }) } };
        var folder = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")); // nothing is written there
        KeptSteps Steps(TrainingJob of) => new(of, new TrainingState(KeptFor.Job(folder)), progress, KeptFor.Job(folder).Inbox);
        Steps(job).Warn("At step 1 the KL is beyond its bound.");
        using var resumed = new TrainingJob(new Job { JobId = "job" });
        Steps(resumed).Repeat();
        var told = resumed.Read(0).Job;
        Assert.Equal(["At step 1 the KL is beyond its bound."], told.Warnings);
        Assert.Equal(job.Read(0).Job.Warnings, told.Warnings);
        Assert.Equal(11, Assert.Single(told.Metrics).Values["kl"]);
    }

    [Fact]
    public void An_evaluation_after_each_step_is_logged_and_watched()
    {
        var warnings = new List<string>();
        var recorder = new Recorder();
        var settings = new PpoSettings { Steps = 2, LearningRate = 1e-2, MaxKl = 1e-3, MaxNewTokens = TinyRollouts.MaxNewTokens };
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, 1, 1, seed: 4);
        var trainer = new PpoTrainer(policy, settings, 4, null, null, (step, _, _) => $"policy/{step}", (step, _, _) => TinyRollouts.Sample(model, 64, step))
        {
            Warn = warnings.Add,
            Evaluate = step => new Dictionary<string, double> { ["helpfulness"] = 10 * step },
        };
        trainer.Train(recorder, TestContext.Current.CancellationToken);
        Assert.Equal([10, 20], recorder.Of("evaluation_helpfulness"));
        Assert.Single(warnings); // the first step has no KL, the second has some
    }

    [Fact]
    public void A_loss_that_is_not_finite_names_the_step_its_numbers_and_the_prompts()
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, 1, 1, seed: 4);
        using (no_grad())
        {
            using Scalar notFinite = float.NaN;
            policy.ValueHead.Weight.fill_(notFinite);
        }

        var error = Fail(policy, TinyRollouts.Sample(model, 8, seed: 1));
        Assert.Contains("loss is NaN at step 1, update 1 (policy loss NaN, value loss NaN, largest ratio 1, KL 0, beta 0.3, prompts", error, StringComparison.Ordinal);
        Assert.Contains("prompt 0", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_score_that_is_not_finite_names_its_prompt()
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, 1, 1, seed: 4);
        var rollouts = TinyRollouts.Sample(model, 8, seed: 1);
        rollouts[5] = rollouts[5] with { Score = double.PositiveInfinity };
        Assert.Contains("responses to prompt 1 have a score that is not finite", Fail(policy, rollouts), StringComparison.Ordinal);
    }

    private static string Fail(PpoPolicy policy, List<Rollout> rollouts) => Assert.Throws<TrainingException>(() =>
        new PpoTrainer(policy, new PpoSettings { Steps = 1 }, 4, null, null, (step, _, _) => $"policy/{step}", (_, _, _) => rollouts)
            .Train(new Recorder(), TestContext.Current.CancellationToken)).Message;

    private static Dictionary<string, double> Figures(double kl) => new() { ["score"] = 0, ["kl"] = kl, ["finished_fraction"] = 1 };
}
