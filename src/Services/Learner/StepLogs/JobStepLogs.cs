using System.Security.Cryptography;
using System.Text;
using Rlhf.Learner.Versions;

namespace Rlhf.Learner.StepLogs;

/// <summary>The folders of the jobs' step logs: one a job, below "steps" in the data folder, so that TensorBoard shows each as a run.</summary>
internal sealed class JobStepLogs(StepLogOptions options, DataFolder data)
{
    private const int HashDigits = 8;

    /// <summary>A job's log; null where logs are turned off.</summary>
    public StepLog? Of(string jobId) => options.IsEnabled ? new StepLog(Path.Combine(data.Steps, FolderName(jobId))) : null;

    // Ids contain slashes: the name shows what it can, and the hash keeps ids apart.
    private static string FolderName(string jobId)
    {
        var readable = new string([.. jobId.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' ? letter : '_')]);
        return $"{readable[..Math.Min(readable.Length, 100)]}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(jobId)))[..HashDigits]}";
    }
}
