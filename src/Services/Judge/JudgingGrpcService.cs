using Grpc.Core;
using Rlhf.Constitution;
using Rlhf.Judge.Comparing;
using Rlhf.Judge.Revising;
using Rlhf.V1;
using Principle = Rlhf.Constitution.Principle;

namespace Rlhf.Judge;

/// <summary>The Judge's calls.</summary>
internal sealed class JudgingGrpcService(
    Writer writer, Comparer comparer, ConstitutionFile constitution, JudgeOptions options, JudgeMetrics metrics)
    : JudgingService.JudgingServiceBase
{
    public override Task<CritiqueResponse> Critique(CritiqueRequest request, ServerCallContext context) => StatusOfItemAsync(async () =>
    {
        var principle = Choose(constitution.RevisionPrinciples, request.Principle, request.Seed);
        var critique = await writer.CritiqueAsync(
            principle, ConversationTranscript.Of(request.Conversation), request.Response, Writing(request.Seed), context.CancellationToken);
        return new CritiqueResponse { Critique = critique, PrincipleId = principle.Id };
    });

    public override Task<ReviseResponse> Revise(ReviseRequest request, ServerCallContext context) => StatusOfItemAsync(async () =>
    {
        var principle = Choose(constitution.RevisionPrinciples, request.Principle, request.Seed);
        var revision = await writer.ReviseAsync(
            principle, ConversationTranscript.Of(request.Conversation), request.Response, request.Critique, Writing(request.Seed), context.CancellationToken);
        return new ReviseResponse { Revision = revision, PrincipleId = principle.Id };
    });

    public override Task<CompareResponse> Compare(CompareRequest request, ServerCallContext context) => StatusOfItemAsync(async () =>
    {
        var principle = Choose(constitution.ComparisonPrinciples, request.Principle, request.Seed);
        var judgement = await comparer.CompareAsync(
            principle, ConversationTranscript.Of(request.Conversation), request.ResponseA, request.ResponseB, options.Version, context.CancellationToken);
        return new CompareResponse { Judgement = judgement };
    });

    public override Task<ListPrinciplesResponse> ListPrinciples(ListPrinciplesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListPrinciplesResponse
        {
            ConstitutionHash = constitution.Hash,
            Principles =
            {
                constitution.Principles.Select(principle => new V1.Principle
                {
                    Id = principle.Id,
                    CritiqueRequest = principle.CritiqueRequest ?? "",
                    RevisionRequest = principle.RevisionRequest ?? "",
                    Comparison = principle.Comparison ?? "",
                }),
            },
        });

    public override Task<JudgingInfoResponse> Info(JudgingInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new JudgingInfoResponse
        {
            JudgeVersion = options.Version,
            ConstitutionName = constitution.Name,
            ConstitutionHash = constitution.Hash,
            SamePositionRate = metrics.SamePositionRate,
            Comparisons = metrics.Comparisons,
        });

    private Principle Choose(IReadOnlyList<Principle> principles, PrincipleChoice? choice, ulong seed) => choice?.ChoiceCase switch
    {
        PrincipleChoice.ChoiceOneofCase.PrincipleId => constitution.Find(choice.PrincipleId),
        PrincipleChoice.ChoiceOneofCase.Seed => PrincipleDraw.Draw(principles, choice.Seed),
        _ => PrincipleDraw.Draw(principles, seed),
    };

    private WritingOptions Writing(ulong seed) => new(options.Version, options.MaxNewTokens, seed);

    private async Task<T> StatusOfItemAsync<T>(Func<Task<T>> workAsync)
    {
        try
        {
            return await workAsync();
        }
        catch (ItemFailedException exception)
        {
            metrics.Failed(exception.Error.Code);
            throw exception.ToRpcException();
        }
    }
}
