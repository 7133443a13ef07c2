using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Console.Tests;

/// <summary>A language model that says which version it is and what it was asked, word by word.</summary>
public sealed class StandInGenerator : GenerationService.GenerationServiceBase
{
    /// <summary>A version that it does not know.</summary>
    public const string Unknown = "unknown/v1";

    public override async Task Generate(GenerateRequest request, IServerStreamWriter<GenerateChunk> responseStream, ServerCallContext context)
    {
        if (request.PolicyVersion == Unknown)
        {
            throw new RpcException(new Status(StatusCode.NotFound, "there is no version of that name"));
        }

        var said = request.Prompt.Conversation.Messages[^1].Content;
        foreach (var word in new[] { request.PolicyVersion, " heard\n\n", said })
        {
            await responseStream.WriteAsync(new GenerateChunk { Text = word, TokenIds = { 1 } }, context.CancellationToken);
        }

        await responseStream.WriteAsync(new GenerateChunk { FinishReason = FinishReason.EndOfSequence, TokenIds = { 2 } }, context.CancellationToken);
    }
}
