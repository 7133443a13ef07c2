namespace Rlhf.Architecture.Tests;

public sealed class LayerTests
{
    [Fact]
    public void The_projects_keep_the_layer_rule() => Assert.Empty(Layers.Breaches(Repository.Projects));

    [Fact]
    public void All_services_are_started_by_the_app_host()
    {
        var services = Directory.GetDirectories(Path.Combine(Repository.Root, "src", "Services")).Select(Path.GetFileName).Order();

        Assert.Equal(services, Repository.Projects["AppHost"].Resources.Order());
    }

    [Fact]
    public void A_service_that_uses_another_is_found()
        => Assert.Equal(["Judge (layer 3) may not use Generator."], Layers.Breaches(Set(Project("Generator"), Project("Judge", uses: ["Generator"]))));

    [Fact]
    public void A_circle_is_found()
        => Assert.Equal(
            ["Tokenization uses itself in a circle.", "Constitution uses itself in a circle."],
            Layers.Breaches(Set(Project("Tokenization", uses: ["Constitution"]), Project("Constitution", uses: ["Tokenization"]))));

    [Fact]
    public void Tensors_reached_through_another_project_are_found()
        => Assert.Equal(
            ["Judge loads TorchSharp."],
            Layers.Breaches(Set(Project("LanguageModels", hasTorch: true), Project("Judge", uses: ["LanguageModels"]))));

    [Fact]
    public void A_pure_library_with_a_broker_is_found()
        => Assert.Equal(["Constitution is pure and may not use RabbitMQ.Client."], Layers.Breaches(Set(Project("Constitution", packages: ["RabbitMQ.Client"]))));

    [Fact]
    public void A_client_package_that_needs_our_code_or_a_web_server_is_found()
        => Assert.Equal(
            ["RewardClient is a package of its own and may not use Contracts.", "RewardClient is a package of its own and may not use Microsoft.AspNetCore.App."],
            Layers.Breaches(Set(Project("Contracts"), Project("RewardClient", uses: ["Contracts"], packages: ["Microsoft.AspNetCore.App"]))));

    [Fact]
    public void A_project_without_a_layer_is_found()
        => Assert.Equal(["Common has no layer; give it one in Layers.cs."], Layers.Breaches(Set(Project("Common"))));

    private static Dictionary<string, ProjectFile> Set(params ProjectFile[] projects) => projects.ToDictionary(static project => project.Name);

    private static ProjectFile Project(string name, string[]? uses = null, string[]? packages = null, bool hasTorch = false)
        => new(name, "", (uses ?? []).ToHashSet(), new HashSet<string>(), (packages ?? []).ToHashSet(), hasTorch);
}
