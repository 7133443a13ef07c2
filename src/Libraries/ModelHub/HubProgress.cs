namespace Rlhf.ModelHub;

/// <summary>How far a download is.</summary>
/// <param name="File">The file under way.</param>
/// <param name="Bytes">Bytes of all files so far, those of earlier tries included.</param>
/// <param name="TotalBytes">Bytes of all files that are to be downloaded.</param>
public readonly record struct HubProgress(string File, long Bytes, long TotalBytes);
