using System.Runtime.CompilerServices;
using System.Text;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Coordinator.Web.Chat;

/// <summary>Has a version answer, piece by piece, and a reward model score the answer.</summary>
internal sealed class ChatRelay(GenerationService.GenerationServiceClient generator, RewardService.RewardServiceClient reward)
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(5);

    /// <summary>What happens, in its order. A service's refusal is the last event, not an exception.</summary>
    public async IAsyncEnumerable<ChatEvent> AnswerAsync(ChatRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var conversation = new Conversation
        {
            Messages = { request.Messages.Select(turn => new ChatMessage { Role = turn.Role, Content = turn.Content }) },
        };
        var answer = new StringBuilder();
        var tokens = 0;
        using var call = generator.Generate(
            new GenerateRequest
            {
                Prompt = new Prompt { Conversation = conversation },
                PolicyVersion = request.Version,
                Sampling = new SamplingOptions { Temperature = request.Temperature, MaxNewTokens = request.MaxNewTokens, Seed = request.Seed },
            },
            deadline: DateTime.UtcNow + _deadline, cancellationToken: cancellationToken);
        while (true)
        {
            var (chunk, problem) = await NextAsync(call.ResponseStream, cancellationToken);
            if (problem is not null)
            {
                yield return problem;
                yield break;
            }

            if (chunk is null)
            {
                break;
            }

            answer.Append(chunk.Text);
            tokens += chunk.TokenIds.Count;
            yield return chunk.FinishReason == FinishReason.Unspecified
                ? new ChatEvent { Text = chunk.Text }
                : new ChatEvent { Text = chunk.Text, End = EndOf(chunk.FinishReason), Tokens = tokens };
        }

        if (request.RewardModel.Length > 0)
        {
            conversation.Messages.Add(new ChatMessage { Role = "assistant", Content = answer.ToString() });
            yield return await ScoreAsync(conversation, request.RewardModel, cancellationToken);
        }
    }

    private static async Task<(GenerateChunk? Chunk, ChatEvent? Problem)> NextAsync(
        IAsyncStreamReader<GenerateChunk> stream, CancellationToken cancellationToken)
    {
        try
        {
            return (await stream.MoveNext(cancellationToken) ? stream.Current : null, null);
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, new ChatEvent { Error = exception.Status.Detail });
        }
    }

    private async Task<ChatEvent> ScoreAsync(Conversation conversation, string version, CancellationToken cancellationToken)
    {
        try
        {
            var scored = await reward.ScoreBatchAsync(
                new ScoreBatchRequest { ModelVersion = version, Items = { new ScoreItem { Conversation = conversation } } },
                deadline: DateTime.UtcNow + _deadline, cancellationToken: cancellationToken);
            var result = scored.Results[0];
            return result.Error is { } error
                ? new ChatEvent { Error = error.Message }
                : new ChatEvent { Score = result.Normalised, ScoredBy = result.ModelVersion };
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new ChatEvent { Error = exception.Status.Detail };
        }
    }

    private static string EndOf(FinishReason reason) => reason switch
    {
        FinishReason.EndOfSequence => "ended by itself",
        FinishReason.Stop => "ended at a stop text",
        _ => "cut off at its length",
    };
}
