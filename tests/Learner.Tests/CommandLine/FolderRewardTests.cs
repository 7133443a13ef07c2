using Rlhf.LanguageModels;
using Rlhf.Learner.CommandLine.Rewards;
using Rlhf.Tokenization;

namespace Rlhf.Learner.Tests.CommandLine;

public sealed class FolderRewardTests : IDisposable
{
    private static readonly SampledResponse s_response = new("a", "b", [1, 2, 3]);

    private readonly string _folder = Directory.CreateTempSubdirectory("folder-reward-").FullName;
    private readonly TextTokenizer _tokenizer;
    private readonly float[] _outputs;

    public FolderRewardTests()
    {
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json" })
        {
            File.Copy(Path.Combine(Testing.Fixtures.Path("models/stories260K/hf"), name), Path.Combine(_folder, name));
        }

        _tokenizer = TextTokenizer.Load(_folder);
        using var trunk = TinyModels.Create();
        using var model = new RewardModel(trunk, RewardHead.CreateRandom(trunk.Config.HiddenSize, ["harmless", "helpful"], seed: 3));
        model.Save(_folder, bosId: 1, eosId: 2);
        _outputs = model.ScoreByMember([s_response.TokenIds])[0];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_head_scores_by_its_name()
    {
        Assert.Equal(_outputs[0], Score("harmless"), 1e-6);
        Assert.Equal(_outputs[1], Score("helpful"), 1e-6);
        var error = Assert.Throws<InvalidDataException>(() => Score("honest"));
        Assert.EndsWith("has no head 'honest'; it has: harmless, helpful.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_heads_together_score_as_their_training_measured_them()
    {
        Assert.Equal((_outputs[0] + _outputs[1]) / 2, Score(""), 1e-6); // nothing is known of them

        Record("""{"heads": {"harmless": {"mean": 1, "standard-deviation": 4}, "helpful": {"mean": -1, "standard-deviation": 0.5}}}""");
        Assert.Equal((((_outputs[0] - 1) / 4) + ((_outputs[1] + 1) / .5)) / 2, Score(""), 1e-6);
        Assert.Equal(_outputs[1], Score("helpful"), 1e-6);

        Record("""{"heads": {"harmless": {"mean": 1, "standard-deviation": 4}}}""");
        Assert.Contains("no figures of the head 'helpful'", Assert.Throws<InvalidDataException>(() => Score("")).Message, StringComparison.Ordinal);
    }

    private void Record(string json) => File.WriteAllText(Path.Combine(_folder, "training.json"), json);

    private double Score(string head)
    {
        using var reward = new FolderReward(_folder, head, _tokenizer);
        return Assert.Single(reward.Score([s_response], TestContext.Current.CancellationToken));
    }
}
