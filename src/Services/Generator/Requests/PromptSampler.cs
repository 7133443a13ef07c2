using Grpc.Core;
using Rlhf.Generator.Engine;
using Rlhf.LanguageModels.Sampling;
using Rlhf.V1;

namespace Rlhf.Generator.Requests;

/// <summary>Draws the responses to one prompt, for both doors: gRPC and the queue.</summary>
internal sealed class PromptSampler(PromptEncoder encoder, VersionResolver resolver, GenerationEngine engine, GeneratorOptions options)
{
    /// <summary>Draws <paramref name="samples"/> responses (0 means 1); number i with the seed plus i.</summary>
    /// <exception cref="ItemException">This prompt can't be done; the message says why.</exception>
    /// <exception cref="RpcException">The Learner, which has the version's files, can't be reached.</exception>
    public async Task<SampledPrompt> SampleAsync(
        Prompt? prompt, string versionId, SamplingOptions? sampling, int samples, CancellationToken cancellationToken)
    {
        var settings = Settings(sampling);
        if (samples < 0 || samples > options.MaxSamplesPerPrompt)
        {
            throw new ItemException(ErrorCode.InvalidItem, $"samples is {samples}; it must be from 0 to {options.MaxSamplesPerPrompt}.");
        }

        var tokens = encoder.Prompt(prompt);
        var version = await ResolveAsync(versionId, cancellationToken);
        var requests = Enumerable.Range(0, Math.Max(samples, 1))
            .Select(i => new SampleRequest(tokens, settings with { Seed = unchecked(settings.Seed + (ulong)i) })).ToList();
        var sampled = await engine.SampleAsync(version, requests, cancellationToken);
        return sampled.All(s => s.Logprobs.All(float.IsFinite))
            ? new SampledPrompt(tokens, sampled, version.VersionId)
            : throw new ItemException(ErrorCode.NotFinite, $"Version \"{version.VersionId}\" gave a log-probability that is not a finite number.");
    }

    /// <summary>The version's files.</summary>
    /// <exception cref="ItemException">There is no such policy.</exception>
    public async Task<VersionFiles> ResolveAsync(string versionId, CancellationToken cancellationToken)
    {
        try
        {
            return await resolver.ResolveAsync(versionId, cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
        {
            throw new ItemException(ErrorCode.UnknownVersion, $"There is no version \"{versionId}\".");
        }
        catch (ArgumentException exception)
        {
            throw new ItemException(ErrorCode.UnknownVersion, exception.Message);
        }
    }

    private static SamplingSettings Settings(SamplingOptions? sampling)
    {
        var settings = new SamplingSettings
        {
            Temperature = sampling is { HasTemperature: true } ? sampling.Temperature : 1,
            TopP = sampling is { HasTopP: true } ? sampling.TopP : 1,
            MaxNewTokens = sampling?.MaxNewTokens ?? 0,
            Stop = sampling is null ? [] : [.. sampling.Stop],
            Seed = sampling?.Seed ?? 0,
        };
        try
        {
            settings.Validate();
            return settings;
        }
        catch (ArgumentException exception)
        {
            throw new ItemException(ErrorCode.InvalidItem, exception.Message);
        }
    }
}
