using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.LanguageModels.Checkpoints;
using Rlhf.Testing;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

public sealed class CheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("checkpoint-test").FullName;

    [Fact]
    public void A_saved_model_loads_with_the_same_weights()
    {
        using var model = Reference.Tiny();
        model.Save(_folder, 1, 2);
        using var loaded = CausalLanguageModel.Load(_folder);
        Assert.Equal(model.Config, loaded.Config);
        Assert.Equal(model.Parameters.Keys.Order(), loaded.Parameters.Keys.Order());
        Assert.All(model.Parameters, p => Assert.True(p.Value.equal(loaded.Parameters[p.Key]).all().item<bool>()));
    }

    [Fact]
    public void A_reward_model_scores_the_same_after_saving_and_in_any_batch()
    {
        using var model = new RewardModel(Reference.Tiny(), RewardHead.CreateRandom(16, ["harmless", "helpful", "honest"], seed: 2));
        model.Save(_folder, 1, 2);
        using var loaded = RewardModel.Load(_folder);
        int[][] sequences = [[1, 2, 3], [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19], [7]];
        var scores = model.Score(sequences);
        Assert.Equal(scores, loaded.Score(sequences));
        Assert.All(sequences.Zip(scores), s => Assert.Equal(s.Second, loaded.Score([s.First])[0], 1e-5));
        // A label for each member, and an entry that says so.
        var config = Reference.File(Path.Combine(_folder, "config.json"));
        Assert.Equal("""{"0":"harmless","1":"helpful","2":"honest"}""", JsonSerializer.Serialize(config.GetProperty("id2label")));
        Assert.Equal("""{"harmless":0,"helpful":1,"honest":2}""", JsonSerializer.Serialize(config.GetProperty("label2id")));
        Assert.Equal(["harmless", "helpful", "honest"], loaded.Head.Labels);
        Assert.Equal(3, config.GetProperty("reward_members").GetInt32());
    }

    [Fact]
    public void A_reward_model_that_pools_scores_the_mean_state_and_is_not_stored_as_what_reads_one_token()
    {
        using var model = new RewardModel(Reference.Tiny(), RewardHead.CreateRandom(16, members: 1, seed: 2), pooledTokens: 3);
        model.Save(_folder, 1, 2);
        using var loaded = RewardModel.Load(_folder);
        int[][] sequences = [[1, 2, 3, 4, 5], [7], [8, 9]];
        var scores = loaded.Score(sequences);
        Assert.Equal(model.Score(sequences), scores);
        using var noGradients = no_grad();
        foreach (var (sequence, score) in sequences.Zip(scores))
        {
            using var tokens = new TokenBatch([sequence]);
            using var mean = loaded.Trunk.Hidden(tokens.Ids)[0, Math.Max(0, sequence.Length - 3)..].mean([0]); // [C]
            Assert.Equal(mean.dot(loaded.Head.Weight[0]).item<float>(), score, 1e-5);
        }

        var config = Reference.File(Path.Combine(_folder, "config.json"));
        Assert.Equal((3, "LlamaModel"), (config.GetProperty("reward_pooled_tokens").GetInt32(), config.GetProperty("architectures")[0].GetString()));
        // As a language model it pools nothing.
        loaded.Trunk.Save(_folder, 1, 2);
        Assert.False(Reference.File(Path.Combine(_folder, "config.json")).TryGetProperty("reward_pooled_tokens", out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RewardModel(model.Trunk, model.Head, pooledTokens: 0));
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""", "said to lie")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"v":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "overlap")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "bytes 8 to 16 after the header belong to no tensor")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "bytes 0 to 8 after the header belong to no tensor")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}""", "no whole number")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}""", "said to lie")]
    [InlineData("""{"w":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,16]}}""", "no whole number")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4.0],"data_offsets":[0,16]}}""", "no whole number")]
    [InlineData("""{"w":{"dtype":"F32","shape":[NaN],"data_offsets":[0,16]}}""", "not valid JSON")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,16]}}""", "more than 8")]
    [InlineData("""{"w":{"dtype":"F32","shape":[[[4]]],"data_offsets":[0,16]}}""", "no whole number")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "\"w\" twice")]
    [InlineData("""{"w":{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "unexpected \"dtype\"")]
    [InlineData("""{"":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "can't be the name")]
    [InlineData("""{"w":{"dtype":"Q4_0","shape":[4],"data_offsets":[0,16]}}""", "unknown type \"Q4_0\"")]
    [InlineData("""{"w":{"shape":[4],"data_offsets":[0,16]}}""", "lacks its dtype")]
    [InlineData("""{"w":[1]}""", "wrong JSON type")]
    [InlineData("""{"__metadata__":{"a":1},"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "wrong JSON type")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}} x""", "not valid JSON")]
    [InlineData("""{"w":""", "not valid JSON")]
    [InlineData("", "not valid JSON")]
    public void A_bad_header_is_refused_in_one_sentence(string header, string said)
    {
        var path = Written(header);
        var message = Assert.Throws<InvalidDataException>(() => new SafetensorsReader(path)).Message;
        Assert.StartsWith(path + ": ", message, StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.EndsWith("; download or save the file again.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_holds_no_floating_point_numbers_is_refused_when_it_is_read()
    {
        using var reader = new SafetensorsReader(Written("""{"mask":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"""));
        using var read = reader.Read("w", ScalarType.Float32);
        Assert.Equal([2], read.shape);
        Assert.Contains("I64", Assert.Throws<InvalidDataException>(() => reader.Read("mask", ScalarType.Float32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_longer_than_the_file_is_refused()
    {
        var path = Path.Combine(_folder, "x.safetensors");
        File.WriteAllBytes(path, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, (byte)'{', (byte)'}']);
        Assert.Contains("header", Assert.Throws<InvalidDataException>(() => new SafetensorsReader(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("..\\outside.safetensors")]
    [InlineData("/outside.safetensors")]
    [InlineData("outside")]
    [InlineData("")]
    public void A_shard_whose_name_leads_out_of_the_folder_is_refused(string shard)
    {
        var index = Path.Combine(_folder, "model.safetensors.index.json");
        File.WriteAllText(index, new JsonObject { ["weight_map"] = new JsonObject { ["w"] = shard } }.ToJsonString());
        Assert.Contains("not a plain file name", Assert.Throws<InvalidDataException>(() => new CheckpointReader(_folder, float32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_out_of_the_folder_is_refused_and_the_hub_caches_own_links_are_not()
    {
        var blobs = Directory.CreateDirectory(Path.Combine(_folder, "blobs")).FullName;
        var snapshot = Directory.CreateDirectory(Path.Combine(_folder, "snapshots", "abc")).FullName;
        using var model = Reference.Tiny();
        model.Save(snapshot, 1, 2);
        var weights = Path.Combine(snapshot, "model.safetensors");
        File.Move(weights, Path.Combine(blobs, "123"));
        File.CreateSymbolicLink(weights, Path.Combine("..", "..", "blobs", "123"));
        CausalLanguageModel.Load(snapshot).Dispose();

        File.Delete(weights);
        File.Move(Path.Combine(blobs, "123"), Path.Combine(_folder, "123"));
        File.CreateSymbolicLink(weights, Path.Combine("..", "..", "123"));
        Assert.Contains("outside", Assert.Throws<InvalidDataException>(() => CausalLanguageModel.Load(snapshot)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_give_the_same_weights_as_one_file()
    {
        using var whole = CausalLanguageModel.Load(Fixtures.Path("models/stories260K/hf"));
        using var sharded = CausalLanguageModel.Load(Fixtures.Path("models/stories260K/hf-sharded"));
        Assert.Equal(whole.Parameters.Keys.Order(), sharded.Parameters.Keys.Order());
        Assert.All(whole.Parameters, p => Assert.True(p.Value.equal(sharded.Parameters[p.Key]).all().item<bool>()));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Half_precision_weights_load_as_float32(ScalarType type)
    {
        var path = Path.Combine(_folder, "x.safetensors");
        using var weights = tensor(new float[] { 1.5f, -2, 0.25f, 1024 });
        using var half = weights.to(type);
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["w"] = half });
        using var reader = new SafetensorsReader(path);
        using var read = reader.Read("w", ScalarType.Float32);
        Assert.Equal([1.5f, -2, 0.25f, 1024], read.data<float>().ToArray());
    }

    [Fact]
    public void A_folder_without_weights_is_refused_by_name()
    {
        using var model = Reference.Tiny();
        model.Save(_folder, 1, 2);
        File.Delete(Path.Combine(_folder, "model.safetensors"));
        Assert.Contains("model.safetensors", Assert.Throws<InvalidDataException>(() => CausalLanguageModel.Load(_folder)).Message, StringComparison.Ordinal);
    }

    // The header before 16 bytes of data.
    private string Written(string header)
    {
        var path = Path.Combine(_folder, "x.safetensors");
        var bytes = new byte[8 + header.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        Encoding.UTF8.GetBytes(header).CopyTo(bytes, 8);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
