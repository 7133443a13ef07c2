using Microsoft.Extensions.DependencyInjection;
using Rlhf.Constitution;
using Rlhf.Judge.Comparing;
using Rlhf.Judge.Generating;
using Rlhf.Judge.Revising;

namespace Rlhf.Judge.Tests;

/// <summary>The Judge's parts on a scripted generator pool, without broker and host.</summary>
internal sealed class JudgeParts : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public JudgeParts(JudgeOptions? options = null, ConstitutionFile? constitution = null)
    {
        Generator = ScriptedGenerator.Start();
        _services = new ServiceCollection()
            .AddMetrics().AddLogging()
            .AddSingleton(options ?? new JudgeOptions())
            .AddSingleton(constitution ?? ConstitutionFile.Default)
            .AddSingleton(Generator.Client)
            .AddSingleton<JudgeMetrics>().AddSingleton<GeneratorPool>().AddSingleton<Writer>().AddSingleton<Comparer>().AddSingleton<RevisionLoop>()
            .BuildServiceProvider();
    }

    public ScriptedGenerator Generator { get; }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Generator.DisposeAsync();
    }
}
