using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using Rlhf.LanguageModels;

namespace Rlhf.Reward.Tests;

/// <summary>What grpcurl does: a client that has no generated class of this API, only what the service says of itself.</summary>
public sealed class ReflectionTests(BackingServersFixture servers)
{
    private const string Service = "rlhf.v1.RewardService";
    private static readonly Marshaller<byte[]> s_bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_knows_only_reflection_lists_and_calls()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await reward.PublishAsync("v1", seed: 1);
        using var channel = GrpcChannel.ForAddress(reward.Address);
        using var reflection = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(cancellationToken: Cancellation);

        var listed = await AskAsync(reflection, new ServerReflectionRequest { ListServices = "" });
        Assert.Contains(Service, listed.ListServicesResponse.Service.Select(service => service.Name));
        var files = await FilesAsync(reflection);
        var types = files.SelectMany(file => file.MessageType.Select(type => (Name: $".{file.Package}.{type.Name}", Type: type))).ToDictionary(type => type.Name, type => type.Type);
        var methods = files.SelectMany(file => file.Service).Single(service => service.Name == "RewardService").Method;
        Assert.Equal(["ScoreBatch", "ScoreStream", "Tokenize", "Info", "ListModels"], methods.Select(method => method.Name));

        var method = methods.Single(method => method.Name == "ScoreBatch");
        var request = types[method.InputType];
        var item = types[FieldOf(request, "items").TypeName];
        var text = types[FieldOf(item, "text").TypeName];
        var bytes = Write(request, "items", Write(item, "text", [.. Write(text, "prompt", "Hello?"u8.ToArray()), .. Write(text, "response", "Hi."u8.ToArray())]));
        var call = new Method<byte[], byte[]>(MethodType.Unary, Service, method.Name, s_bytes, s_bytes);
        var answer = await channel.CreateCallInvoker().AsyncUnaryCall(call, null, new CallOptions(cancellationToken: Cancellation), bytes);

        var response = types[method.OutputType];
        var result = types[FieldOf(response, "results").TypeName];
        var results = Read(answer, FieldOf(response, "results").Number);
        using var model = RewardModel.Load(reward.FolderOf("v1"));
        var expected = model.Score([[.. "Hello? Hi."u8.ToArray().Select(value => (int)value), TinyModels.EosId]])[0];
        Assert.Equal(expected, BitConverter.ToDouble(Read(results, FieldOf(result, "raw").Number)), 1e-5);
        Assert.Equal("v1"u8.ToArray(), Read(results, FieldOf(result, "model_version").Number));
    }

    private static async Task<IReadOnlyList<FileDescriptorProto>> FilesAsync(AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> reflection)
    {
        var answer = await AskAsync(reflection, new ServerReflectionRequest { FileContainingSymbol = Service });
        return [.. answer.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom)];
    }

    private static async Task<ServerReflectionResponse> AskAsync(
        AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> reflection, ServerReflectionRequest request)
    {
        await reflection.RequestStream.WriteAsync(request, Cancellation);
        Assert.True(await reflection.ResponseStream.MoveNext(Cancellation));
        return reflection.ResponseStream.Current;
    }

    private static FieldDescriptorProto FieldOf(DescriptorProto type, string name) => type.Field.Single(field => field.Name == name);

    private static byte[] Write(DescriptorProto type, string field, byte[] value)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(FieldOf(type, field).Number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(value));
        }
        return stream.ToArray();
    }

    // The first value of a field, as bytes.
    private static byte[] Read(byte[] message, int number)
    {
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag && tag != 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) != number)
            {
                input.SkipLastField();
                continue;
            }
            return WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited ? input.ReadBytes().ToByteArray() : BitConverter.GetBytes(input.ReadFixed64());
        }
        throw new InvalidDataException($"Field {number} is not there.");
    }
}
