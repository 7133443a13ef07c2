using System.Runtime.CompilerServices;
using Grpc.Core;
using Rlhf.Generator.Engine;
using Rlhf.LanguageModels.Sampling;
using Rlhf.V1;

namespace Rlhf.Generator.Requests;

/// <summary>Draws the responses to one prompt, for all doors: gRPC, the queue and HTTP.</summary>
internal sealed class PromptSampler(PromptEncoder encoder, VersionResolver resolver, GenerationEngine engine, GeneratorOptions options)
{
    /// <summary>Checks a request for <paramref name="samples"/> responses (0 means 1); number i has the seed plus i.</summary>
    /// <exception cref="ItemException">This prompt can't be done; the message says why.</exception>
    /// <exception cref="RpcException">The Learner, which has the version's files, can't be reached.</exception>
    public async Task<PreparedPrompt> PrepareAsync(
        Prompt? prompt, string versionId, SamplingOptions? sampling, int samples, CancellationToken cancellationToken)
    {
        var settings = Settings(sampling);
        encoder.RequireTokens(settings.StopTokens);
        if (samples < 0 || samples > options.MaxSamplesPerPrompt)
        {
            throw new ItemException(ErrorCode.InvalidItem, $"samples is {samples}; it must be from 0 to {options.MaxSamplesPerPrompt}.");
        }

        var tokens = encoder.Prompt(prompt);
        var version = await ResolveAsync(versionId, cancellationToken);
        return new PreparedPrompt(tokens, version, [.. Enumerable.Range(0, Math.Max(samples, 1))
            .Select(i => new SampleRequest(tokens, settings with { Seed = unchecked(settings.Seed + (ulong)i) }))]);
    }

    /// <summary>Draws the responses to one prompt.</summary>
    /// <inheritdoc cref="PrepareAsync" path="/exception"/>
    public async Task<SampledPrompt> SampleAsync(
        Prompt? prompt, string versionId, SamplingOptions? sampling, int samples, CancellationToken cancellationToken)
    {
        var prepared = await PrepareAsync(prompt, versionId, sampling, samples, cancellationToken);
        try
        {
            var sampled = await engine.SampleAsync(prepared.Version, prepared.Requests, cancellationToken);
            RequireFinite(sampled.All(s => s.Logprobs.All(float.IsFinite)), prepared.Version);
            return new SampledPrompt(prepared.PromptTokens, sampled, prepared.Version.VersionId);
        }
        catch (RequestTooLargeException exception)
        {
            throw new ItemException(ErrorCode.TooLong, exception.Message);
        }
    }

    /// <summary>Draws responses, and gives each token as it is drawn.</summary>
    /// <param name="version">Who draws them.</param>
    /// <param name="requests">The responses, to one prompt or several.</param>
    /// <param name="alternatives">How many of the likeliest tokens to name at each place.</param>
    /// <param name="cancellationToken">The caller's; a reader that stops early ends the responses too.</param>
    /// <exception cref="ItemException">A response would never fit, or a log-probability is not a finite number.</exception>
    public async IAsyncEnumerable<StreamedToken> StreamAsync(
        VersionFiles version, IReadOnlyList<SampleRequest> requests, int alternatives, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var tokens = engine.StreamAsync(version, requests, alternatives, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(tokens))
        {
            RequireFinite(float.IsFinite(tokens.Current.Token.Logprob), version);
            yield return tokens.Current;
        }
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

    private static async Task<bool> MoveNextAsync(IAsyncEnumerator<StreamedToken> tokens)
    {
        try
        {
            return await tokens.MoveNextAsync();
        }
        catch (RequestTooLargeException exception)
        {
            throw new ItemException(ErrorCode.TooLong, exception.Message);
        }
    }

    private static void RequireFinite(bool isFinite, VersionFiles version)
    {
        if (!isFinite)
        {
            throw new ItemException(ErrorCode.NotFinite, $"Version \"{version.VersionId}\" gave a log-probability that is not a finite number.");
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
            StopTokens = sampling is null ? [] : [.. sampling.StopTokenIds],
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
