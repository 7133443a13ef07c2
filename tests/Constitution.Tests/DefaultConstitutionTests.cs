namespace Rlhf.Constitution.Tests;

public sealed class DefaultConstitutionTests
{
    [Fact]
    public void Sixteen_principles_can_be_asked_for_everything()
    {
        var constitution = ConstitutionFile.Default;
        Assert.Equal(16, constitution.Principles.Count);
        Assert.Equal(16, constitution.RevisionPrinciples.Count);
        Assert.Equal(16, constitution.ComparisonPrinciples.Count);
        Assert.Equal(16, constitution.Principles.Select(principle => principle.Comparison).Distinct().Count());
        Assert.NotEmpty(constitution.Guidelines);
    }

    [Fact]
    public void Wordings_are_short_enough_for_a_small_context()
    {
        foreach (var principle in ConstitutionFile.Default.Principles)
        {
            Assert.All([principle.CritiqueRequest, principle.RevisionRequest, principle.Comparison], wording => Assert.InRange(wording!.Split(' ').Length, 4, 20));
        }
    }

    [Fact]
    public void Hash_follows_the_content()
    {
        var constitution = ConstitutionFile.Default;
        Assert.Equal(64, constitution.Hash.Length);
        Assert.Equal(constitution.Hash, (constitution with { Name = constitution.Name }).Hash);
        Assert.NotEqual(constitution.Hash, (constitution with { Guidelines = "other" }).Hash);
        Assert.NotEqual(constitution.Hash, (constitution with { Principles = [.. constitution.Principles.Skip(1)] }).Hash);
    }
}
