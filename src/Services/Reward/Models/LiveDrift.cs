namespace Rlhf.Reward.Models;

/// <summary>
/// How far a version's normalised scores are from the latest version's on what callers send: the root mean square difference over the last
/// items that both scored. Used by one thread.
/// </summary>
internal sealed class LiveDrift
{
    /// <summary>Fewer items say nothing.</summary>
    public const int MinItems = 64;

    private const int Window = 256;
    private readonly Queue<double> _squares = new(Window);
    private string _versionId = "";

    /// <summary>Takes differences in; returns the drift over the window, null while there are too few items.</summary>
    /// <param name="versionId">Whose; another version begins anew.</param>
    /// <param name="differences">Of normalised scores.</param>
    public double? Add(string versionId, IEnumerable<double> differences)
    {
        if (versionId != _versionId)
        {
            _squares.Clear();
            _versionId = versionId;
        }
        foreach (var difference in differences)
        {
            if (_squares.Count == Window)
            {
                _squares.Dequeue();
            }
            _squares.Enqueue(difference * difference);
        }
        return _squares.Count < MinItems ? null : Math.Sqrt(_squares.Average());
    }
}
