using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

public sealed class RunDefinitionReaderTests
{
    [Fact]
    public void A_run_file_names_stages_with_their_options()
    {
        var definition = RunDefinitionReader.Read(
            """
            name: short
            stages:
              - stage: critique-revision
                prompts: 12
                max-rounds: 1
              - stage: reward-model
                name: judge-of-answers
                ratings: bradley-terry
                learning-rate: 0.001
            """);

        Assert.Equal("short", definition.Name);
        Assert.Equal(new CritiqueRevisionOptions { Name = "critique-revision", Prompts = 12, MaxRounds = 1 }, definition.Stages[0]);
        Assert.Equal(
            new RewardModelStageOptions { Name = "judge-of-answers", Ratings = RatingScale.BradleyTerry, LearningRate = 0.001 },
            definition.Stages[1]);
    }

    [Fact]
    public void Json_is_read_too() => Assert.Equal(
        new PpoStageOptions { Name = "ppo", Steps = 3 },
        Assert.Single(RunDefinitionReader.Read("""{"stages": [{"stage": "ppo", "steps": 3}]}""").Stages));

    [Theory]
    [InlineData("fine-tuning")]
    [InlineData("reward-model")]
    [InlineData("dpo")]
    [InlineData("ppo")]
    public void Every_training_stage_takes_a_precision_and_recomputed_activations(string kind)
    {
        string Stage(string precision) => $"stages: [{{stage: {kind}, precision: {precision}, recompute-activations: true, corrects-rollout-mismatch: true}}]"
            .Replace(kind == "ppo" ? "none" : ", corrects-rollout-mismatch: true", "", StringComparison.Ordinal);
        var options = Assert.IsAssignableFrom<TrainingStageOptions>(Assert.Single(RunDefinitionReader.Read(Stage("bfloat16")).Stages));
        Assert.Equal((Precision.Bfloat16, true), (options.RequestedPrecision, options.RecomputeActivations));
        var definition = RunDefinitionReader.Read(Stage("float32"));
        Assert.Equal(Precision.Float32, Assert.IsAssignableFrom<TrainingStageOptions>(definition.Stages[0]).RequestedPrecision);
        Assert.Equal(definition.Stages, RunDefinitionReader.Read(RunDefinitionReader.Write(definition)).Stages);
        var error = Assert.Throws<FormatException>(() => RunDefinitionReader.Read(Stage("float16")));
        Assert.StartsWith($"stage '{kind}': The Precision field does not equal any of the values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_computes_how_reaches_the_learner()
    {
        var ppo = new PpoStageOptions { Precision = "bfloat16", RecomputeActivations = true, CorrectsRolloutMismatch = true, RewardHead = "harmful" }.ToRequest("reward/v1");
        Assert.Equal((Precision.Bfloat16, true, true), (ppo.Precision, ppo.RecomputeActivations, ppo.CorrectsRolloutMismatch));
        Assert.Equal(("reward/v1", "harmful"), (ppo.RewardModelVersion, ppo.RewardHead));
        var supervised = new FineTuningOptions { Precision = "bfloat16", RecomputeActivations = true, Packing = false }.ToRequest();
        Assert.Equal((Precision.Bfloat16, true, true, false), (supervised.Precision, supervised.RecomputeActivations, supervised.HasPacking, supervised.Packing));
        Assert.False(new FineTuningOptions().ToRequest().HasPacking);
    }

    [Fact]
    public void Who_compares_and_in_which_order_is_read() => Assert.Equal(
        new PreferencesOptions { Name = "preferences", By = ComparedBy.People, Labels = 40, OverlapShare = 0.2, Order = PairOrder.Uncertain, LeaseMinutes = 5 },
        Assert.Single(RunDefinitionReader.Read(
            "stages: [{stage: preferences, by: people, labels: 40, overlap-share: 0.2, order: uncertain, lease-minutes: 5}]").Stages));

    [Theory]
    [InlineData("by: file, file: my pairs.jsonl, max-bad-rows: 20", "my pairs.jsonl", null)]
    [InlineData("by: import, import: import-1", null, "import-1")]
    public void Preferences_that_somebody_has_already_are_named_and_written_back(string options, string? file, string? import)
    {
        var definition = RunDefinitionReader.Read($"stages: [{{stage: preferences, {options}}}]");
        var stage = Assert.IsType<PreferencesOptions>(Assert.Single(definition.Stages));
        Assert.Equal((file, import, true), (stage.File, stage.Import, stage.IsImported));
        Assert.Equal(definition.Stages, RunDefinitionReader.Read(RunDefinitionReader.Write(definition)).Stages);
    }

    [Theory]
    [InlineData("rlaif")]
    [InlineData("rlhf")]
    [InlineData("mixed")]
    public void What_is_written_is_read_back_the_same(string name)
    {
        var definition = BuiltInRuns.Find(name) ?? throw new InvalidOperationException();
        var read = RunDefinitionReader.Read(RunDefinitionReader.Write(definition));

        Assert.Equal(definition.Name, read.Name);
        Assert.Equal(definition.Stages, read.Stages);
    }

    [Theory]
    [InlineData("nmae: x\nstages: [{stage: ppo}]", "line 1: unknown key 'nmae'")]
    [InlineData("name: x", "'stages' must be a list")]
    [InlineData("stages: []", "'stages' must be a list")]
    [InlineData("- a", "a run file is one mapping")]
    [InlineData("stages:\n  - stage: pop\n", "line 2: unknown stage 'pop'")]
    [InlineData("stages:\n  - prompts: 3\n", "line 2: a stage is a mapping that names its kind")]
    [InlineData("stages:\n  - stage: ppo\n    stepz: 3\n", "stage 'ppo' at line 2")]
    [InlineData("stages:\n  - stage: ppo\n    steps: many\n", "stage 'ppo' at line 2")]
    [InlineData("stages:\n  - stage: ppo\n    steps: 0\n", "stage 'ppo': The field Steps must be between 1")]
    [InlineData("stages: [{stage: ppo, precision: bfloat16}]", "stage 'ppo': 'precision: bfloat16' needs 'corrects-rollout-mismatch: true'")]
    [InlineData("stages: [{stage: preferences, by: everybody}]", "stage 'preferences' at line 1")]
    [InlineData("stages: [{stage: preferences, by: file}]", "stage 'preferences': 'by: file' needs 'file'")]
    [InlineData("stages: [{stage: preferences, file: pairs.jsonl}]", "stage 'preferences': 'file' needs 'by: file'")]
    [InlineData("stages: [{stage: preferences, by: file, import: x}]", "stage 'preferences': 'by: file' needs 'file'; 'import' needs 'by: import'")]
    [InlineData("stages: [{stage: preferences, max-bad-rows: some}]", "stage 'preferences': 'some' is no limit on bad rows")]
    [InlineData("stages: [{stage: preferences, repeat-share: 0.9}]", "stage 'preferences': The field RepeatShare must be between 0")]
    [InlineData("stages: [{stage: ppo}, {stage: ppo}]", "two stages are named 'ppo'")]
    [InlineData("stages: [", "line ")]
    public void What_is_wrong_is_said(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => RunDefinitionReader.Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Seeds_depend_on_the_runs_seed_and_the_purpose_alone()
    {
        // First 8 bytes of SHA-256("1/x") as a big-endian number, shifted right by 11.
        var expected = (long)(Convert.ToUInt64(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData("1/x"u8))[..16], 16) >> 11);
        Assert.Equal(expected, Seeds.Derive(1, "x"));
        Assert.NotEqual(Seeds.Derive(1, "x"), Seeds.Derive(2, "x"));
        Assert.NotEqual(Seeds.Derive(1, "x"), Seeds.Derive(1, "y"));
    }
}
