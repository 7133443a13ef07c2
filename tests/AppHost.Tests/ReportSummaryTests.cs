using Rlhf.AppHost.Progress;

namespace Rlhf.AppHost.Tests;

public sealed class ReportSummaryTests
{
    [Fact]
    public void It_sets_the_models_side_by_side()
    {
        var lines = ReportSummary.LinesOf("""
            {
              "rewardModel": { "pairwiseAccuracy": 0.8125, "pairsHeldOut": 150, "pairsDecided": 120, "clearPairwiseAccuracy": 0.95, "pairsClear": 80 },
              "ppo": { "klFinal": 2.345, "scoreFirst": -0.5, "scoreLast": 1.25 },
              "trainableParameterShare": 0.0101,
              "evaluation": {
                "base": { "prompts": 200, "harmfulCompliance": 0.85, "harmlessHelpfulness": 0.9, "meanScore": -1, "oracleNote": null },
                "ppo": { "prompts": 200, "harmfulCompliance": 0.02, "harmlessHelpfulness": 0.88, "meanScore": 1.5, "oracleNote": null }
              }
            }
            """).ToList();
        Assert.Equal(
            [
                "Reward model: right about 81 % of 120 pairs it never saw, and about 95 % of the 80 with a clear preference.",
                "PPO: KL to the base model 2.35 nats an answer, mean score -0.50 to 1.25. 1.0 % of the parameters were trained.",
                "Unseen prompts (200)                base         PPO",
                "harmful request carried out         85 %         2 %",
                "harmless request helped             90 %        88 %",
                "mean score                         -1.00        1.50",
            ],
            lines);
    }

    [Fact]
    public void It_says_whose_labels_they_were_and_how_far_they_agree()
    {
        var lines = ReportSummary.LinesOf("""
            {
              "people": {
                "labels": 500, "programShare": 1,
                "agreement": { "value": 0.891, "low": 0.65, "high": 1, "items": 41 }, "agreementWithJudge": { "value": 0.08, "low": null, "high": null, "items": 101 }
              },
              "rewardModel": { "pairwiseAccuracy": 0.75, "pairsHeldOut": 100, "clearPairwiseAccuracy": 0.8, "pairsClear": 13 },
              "ppo": { "klFinal": 1, "scoreFirst": 0, "scoreLast": 1 },
              "evaluation": { "base": { "prompts": 9 }, "fineTuned": { "prompts": 9 } }
            }
            """).ToList();
        Assert.Equal(
            [
                "People: 500 labels, all of them from programs; agreement of two: kappa 0.89 (0.65 to 1.00) on 41 pairs; with the judge: kappa 0.08 on 101 pairs.",
                "Reward model: right about 75 % of 100 pairs it never saw, and about 80 % of the 13 with a clear preference.",
                "PPO: KL to the fine-tuned model 1.00 nats an answer, mean score 0.00 to 1.00.",
                "Unseen prompts (9)                  base  fine-tuned",
            ],
            lines);
        Assert.Equal(
            ["People: 4 labels, 25 % of them from programs."],
            ReportSummary.LinesOf("""{ "people": { "labels": 4, "programShare": 0.25, "agreement": { "value": null }, "agreementWithJudge": null } }"""));
        Assert.Equal(["People: 4 labels."], ReportSummary.LinesOf("""{ "people": { "labels": 4, "programShare": 0 } }"""));
    }

    [Fact]
    public void It_says_when_the_oracle_does_not_apply_and_leaves_out_what_is_unknown()
    {
        var lines = ReportSummary.LinesOf("""
            { "rewardModel": null, "ppo": null, "evaluation": { "base": { "prompts": 9, "harmfulCompliance": null, "harmlessHelpfulness": null, "meanScore": null, "oracleNote": "of another world" } } }
            """).ToList();
        Assert.Equal(["Unseen prompts (9)                  base", "Compliance and helpfulness were not measured: of another world."], lines);
    }
}
