using System.Threading.Channels;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Versions;
using Rlhf.V1;

namespace Rlhf.TrainingProcess;

/// <summary>Samples and scores one request after the other on a thread of its own, as a Generator and the Reward service would.</summary>
internal sealed class InProcessSampler
{
    private readonly Channel<(RolloutRequested Request, RolloutInbox Inbox)> _requests = Channel.CreateUnbounded<(RolloutRequested, RolloutInbox)>();
    private readonly BaseModel _base;
    private readonly PolicyLoader _loader;

    public InProcessSampler(BaseModel baseModel, PolicyLoader loader)
    {
        (_base, _loader) = (baseModel, loader);
        new Thread(Work) { IsBackground = true }.Start();
    }

    public void Enqueue(RolloutRequested request, RolloutInbox inbox) => _requests.Writer.TryWrite((request, inbox));

    private void Work()
    {
        var (version, model) = ("", (CausalLanguageModel?)null);
        while (_requests.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_requests.Reader.TryRead(out var next))
            {
                if (model is null || version != next.Request.PolicyVersion)
                {
                    model?.Dispose();
                    (version, model) = (next.Request.PolicyVersion, _loader.Load(next.Request.PolicyVersion));
                }

                next.Inbox.HandleAsync(Answer(model, next.Request), CancellationToken.None).GetAwaiter().GetResult();
            }
        }
    }

    private RolloutScored Answer(CausalLanguageModel model, RolloutRequested request)
    {
        var prompt = _base.Tokenizer.Encode(request.Prompt.Text);
        var requests = Enumerable.Range(0, request.Samples).Select(i => new SampleRequest(prompt, new SamplingSettings
        {
            Temperature = request.Sampling.Temperature,
            MaxNewTokens = request.Sampling.MaxNewTokens,
            Seed = request.Sampling.Seed + (ulong)i,
        })).ToArray();
        var scored = new RolloutScored
        {
            Rollout = new RolloutGenerated
            {
                Header = request.Header,
                PromptId = request.PromptId,
                PromptTokenIds = { prompt },
                TokenizerHash = _base.Tokenizer.Hash,
                PolicyVersion = request.PolicyVersion,
                Sampling = request.Sampling,
                RewardModelVersion = request.RewardModelVersion,
            },
        };
        using var decoding = DecodingModel.Pack(model, threads: 1);
        foreach (var sampled in new ContinuousSampler(decoding, _base.Tokenizer).Sample(requests, CancellationToken.None))
        {
            scored.Rollout.Samples.Add(new Sample
            {
                TokenIds = { sampled.TokenIds },
                Logprobs = { sampled.Logprobs },
                Text = sampled.Text,
                FinishReason = sampled.Finish == FinishKind.Length ? FinishReason.Length : FinishReason.EndOfSequence,
            });
            scored.Scores.Add(new ScoreResult { Normalised = sampled.Text.Count(c => c == 'a') / 10.0 });
        }

        if (request.Header.Step % 2 == 0)
        {
            scored.Scores[0] = new ScoreResult { Error = new ItemError { Code = ErrorCode.NotFinite } }; // some can't be used
        }

        return scored;
    }
}
