namespace Rlhf.AppHost;

/// <summary>The invitation of the first lead, which the Coordinator leaves in its data folder until somebody has used one.</summary>
internal static class FirstInvitation
{
    private const string FileName = "lead-invite";

    /// <summary>Its link; null where there is none.</summary>
    /// <param name="coordinatorData">The Coordinator's data folder.</param>
    public static string? Find(string coordinatorData)
    {
        var path = Path.Combine(coordinatorData, FileName);
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }
}
