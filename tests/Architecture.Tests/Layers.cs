namespace Rlhf.Architecture.Tests;

/// <summary>The layer rule: arrows point down, services never use each other's code, and tensors stay where they belong.</summary>
internal static class Layers
{
    private const int Pure = 1;
    private const int Shared = 2;
    private const int Service = 3;
    private const int Host = 4;

    private static readonly Dictionary<string, int> _layerOf = new()
    {
        ["Tokenization"] = Pure,
        ["Tensors"] = Pure,
        ["LanguageModels"] = Pure,
        ["PolicyOptimization"] = Pure,
        ["Constitution"] = Pure,
        ["TinyAssistant"] = Pure,
        ["ServiceDefaults"] = Shared,
        ["Contracts"] = Shared,
        ["Messaging"] = Shared,
        ["Artifacts"] = Shared,
        ["BackingServers"] = Shared,
        ["ModelHub"] = Shared,
        ["RewardClient"] = Shared,
        ["DataFiles"] = Shared,
        ["Coordinator"] = Service,
        ["Generator"] = Service,
        ["Judge"] = Service,
        ["Learner"] = Service,
        ["Reward"] = Service,
        ["TinyAssistant.Training"] = Service,
        ["RewardSample"] = Service,
        ["RuleLabeller"] = Service,
        ["AppHost"] = Host,
    };

    /// <summary>What the pure libraries do without: web, wire, broker, cache, injection.</summary>
    private static readonly string[] _notForPure =
    [
        "Microsoft.NET.Sdk.Web", "Microsoft.AspNetCore", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting",
        "Grpc.", "RabbitMQ.", "StackExchange.Redis", "Aspire.",
    ];

    /// <summary>Projects that others take as a package: they stand alone.</summary>
    private static readonly HashSet<string> _packages = ["RewardClient"];

    /// <summary>Projects that may load TorchSharp, directly or through what they use.</summary>
    private static readonly HashSet<string> _tensorProjects = ["Tensors", "LanguageModels", "PolicyOptimization", "Generator", "Reward", "Learner", "TinyAssistant.Training"];

    /// <summary>Every breach of the rule, one sentence each.</summary>
    public static IEnumerable<string> Breaches(IReadOnlyDictionary<string, ProjectFile> projects)
        => projects.Values.SelectMany(project => Breaches(project, projects));

    private static IEnumerable<string> Breaches(ProjectFile project, IReadOnlyDictionary<string, ProjectFile> projects)
    {
        if (!_layerOf.TryGetValue(project.Name, out var layer))
        {
            yield return $"{project.Name} has no layer; give it one in {nameof(Layers)}.cs.";
            yield break;
        }

        foreach (var reference in project.References.Where(reference => !MayUse(layer, reference)))
        {
            yield return $"{project.Name} (layer {layer}) may not use {reference}.";
        }

        if (_packages.Contains(project.Name))
        {
            foreach (var reference in project.References.Concat(project.Packages.Where(static package => package.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal))))
            {
                yield return $"{project.Name} is a package of its own and may not use {reference}.";
            }
        }

        foreach (var resource in project.Resources.Where(static resource => _layerOf.GetValueOrDefault(resource) != Service))
        {
            yield return $"{project.Name} starts {resource}, which is no service.";
        }

        if (layer == Pure)
        {
            foreach (var package in project.Packages.Where(static package => _notForPure.Any(prefix => package.StartsWith(prefix, StringComparison.Ordinal))))
            {
                yield return $"{project.Name} is pure and may not use {package}.";
            }
        }

        var uses = Closure(project, projects);
        if (uses.Contains(project.Name))
        {
            yield return $"{project.Name} uses itself in a circle.";
        }

        if (!_tensorProjects.Contains(project.Name) && uses.Append(project.Name).Any(name => projects.TryGetValue(name, out var used) && used.HasTorch))
        {
            yield return $"{project.Name} loads TorchSharp.";
        }
    }

    /// <summary>Libraries may use their own layer and those below; services only what is below; AppHost the contracts, the servers it starts and the models it fetches.</summary>
    private static bool MayUse(int layer, string reference) => layer switch
    {
        Host => reference is "Contracts" or "BackingServers" or "ModelHub",
        Service => _layerOf.GetValueOrDefault(reference, int.MaxValue) < Service,
        _ => _layerOf.GetValueOrDefault(reference, int.MaxValue) <= layer,
    };

    private static HashSet<string> Closure(ProjectFile project, IReadOnlyDictionary<string, ProjectFile> projects)
    {
        var seen = new HashSet<string>();
        var open = new Queue<string>(project.References);
        while (open.TryDequeue(out var name))
        {
            if (seen.Add(name) && projects.TryGetValue(name, out var used))
            {
                foreach (var next in used.References)
                {
                    open.Enqueue(next);
                }
            }
        }

        return seen;
    }
}
