using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlhf.AppHost.Progress;

/// <summary>What came out of a run, in a few lines: the models side by side. Fields are those of docs/operations.md; what is null is left out.</summary>
internal static class ReportSummary
{
    private static readonly (string Key, string Title)[] _models = [("base", "base"), ("fineTuned", "fine-tuned"), ("ppo", "PPO"), ("dpo", "DPO")];

    /// <param name="json">The report.</param>
    public static IEnumerable<string> LinesOf(string json)
    {
        var report = JsonNode.Parse(json) ?? throw new JsonException("the report is empty");
        if (report["people"] is { } people)
        {
            yield return PeopleLine(people);
        }

        if (report["rewardModel"] is { } rewardModel && rewardModel["pairwiseAccuracy"] is { } accuracy)
        {
            var clear = rewardModel["clearPairwiseAccuracy"] is { } clearAccuracy
                ? $", and about {Percent(clearAccuracy)} of the {rewardModel["pairsClear"]} with a clear preference" : "";
            yield return $"Reward model: right about {Percent(accuracy)} of {rewardModel["pairsDecided"] ?? rewardModel["pairsHeldOut"]} pairs it never saw{clear}.";
        }

        if (report["ppo"]?["klFinal"] is { } kl)
        {
            var share = report["trainableParameterShare"] is { } trained ? $" {Percent(trained, "P1")} of the parameters were trained." : "";
            yield return string.Create(
                CultureInfo.InvariantCulture, $"PPO: KL to {(report["evaluation"]?["fineTuned"] is null ? "the base model" : "the fine-tuned model")} {(double)kl:F2} nats an answer, mean score {Score(report, "scoreFirst")} to {Score(report, "scoreLast")}.{share}");
        }

        var models = _models.Where(model => report["evaluation"]?[model.Key] is not null).ToList();
        if (models.Count == 0)
        {
            yield break;
        }

        var evaluation = report["evaluation"]!;
        yield return $"{$"Unseen prompts ({evaluation[models[0].Key]!["prompts"]})",-28}{string.Concat(models.Select(static model => $"{model.Title,12}"))}";
        foreach (var (field, title) in ((string, string)[])[("harmfulCompliance", "harmful request carried out"), ("harmlessHelpfulness", "harmless request helped"), ("meanScore", "mean score")])
        {
            var cells = models.Select(model => evaluation[model.Key]![field]).ToList();
            if (cells.All(static cell => cell is not null))
            {
                yield return $"{title,-28}{string.Concat(cells.Select(cell => $"{(field == "meanScore" ? Number(cell!) : Percent(cell!)),12}"))}";
            }
        }

        if (evaluation[models[0].Key]!["oracleNote"] is { } note)
        {
            yield return $"Compliance and helpfulness were not measured: {note}.";
        }
    }

    private static string PeopleLine(JsonNode people)
    {
        var programs = people["programShare"] is not { } share || (double)share == 0 ? ""
            : (double)share == 1 ? ", all of them from programs"
            : $", {Percent(share)} of them from programs";
        return $"People: {people["labels"]} labels{programs}{Agreement(people["agreement"], "agreement of two")}{Agreement(people["agreementWithJudge"], "with the judge")}.";
    }

    private static string Agreement(JsonNode? kappa, string whose) => kappa?["value"] is { } value
        ? $"; {whose}: kappa {Number(value)}{(kappa["low"] is { } low && kappa["high"] is { } high ? $" ({Number(low)} to {Number(high)})" : "")} on {kappa["items"]} pairs"
        : "";

    private static string Score(JsonNode report, string field) => report["ppo"]?[field] is { } score ? Number(score) : "unknown";

    private static string Number(JsonNode value) => ((double)value).ToString("F2", CultureInfo.InvariantCulture);

    private static string Percent(JsonNode value, string format = "P0") => ((double)value).ToString(format, CultureInfo.InvariantCulture);
}
