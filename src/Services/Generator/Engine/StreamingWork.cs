using System.Threading.Channels;
using Rlhf.LanguageModels.Sampling;
using Rlhf.LanguageModels.Sampling.Batching;

namespace Rlhf.Generator.Engine;

/// <summary>Responses whose tokens are handed over as they are drawn.</summary>
/// <param name="version">Who draws them.</param>
/// <param name="requests">What is asked; their longest responses bound what can wait for the reader.</param>
/// <param name="alternatives">How many of the likeliest tokens to name at each place.</param>
/// <param name="cancellationToken">The caller's.</param>
internal sealed class StreamingWork(VersionFiles version, IReadOnlyList<SampleRequest> requests, int alternatives, CancellationToken cancellationToken)
    : GenerationWork(version, cancellationToken)
{
    private readonly Channel<StreamedToken> _tokens = Channel.CreateUnbounded<StreamedToken>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    public ChannelReader<StreamedToken> Tokens => _tokens.Reader;

    protected override void Begin(RunningBatch batch, CancellationToken abandoned)
    {
        Expect(requests.Count);
        foreach (var (index, request) in requests.Index())
        {
            var listener = new TokenListener(alternatives, token => _tokens.Writer.TryWrite(new StreamedToken(index, token)));
            batch.Add(request, listener, _ => FinishPart(), abandoned);
        }
    }

    protected override void Complete(Exception? exception) => _tokens.Writer.TryComplete(exception);
}
