using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Rlhf.V1;

namespace Rlhf.Learner.Rollouts;

/// <summary>
/// The rollouts of the step under way as they arrive, in one file: the broker has forgotten them, and after a kill they are not
/// sampled again. Each has its length and checksum before it; what a kill left of the last one is cut off.
/// </summary>
/// <param name="folder">Made with the first rollout.</param>
/// <param name="step">The step.</param>
/// <param name="logger">Hears of failures: the rollouts are then sampled again after a kill, and nothing else is lost.</param>
internal sealed partial class RolloutLog(string folder, long step, ILogger logger)
{
    private const int LengthBytes = sizeof(int);
    private const int PrefixBytes = LengthBytes + SHA256.HashSizeInBytes;

    private readonly string _path = Path.Combine(folder, step.ToString(CultureInfo.InvariantCulture) + ".log");

    /// <summary>What has arrived so far.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    public IReadOnlyList<RolloutScored> Read()
    {
        if (!File.Exists(_path))
        {
            return [];
        }

        var arrived = new List<RolloutScored>();
        var content = File.ReadAllBytes(_path).AsSpan();
        var whole = 0;
        while (Body(content[whole..]) is { Length: > 0 } body)
        {
            arrived.Add(RolloutScored.Parser.ParseFrom(body));
            whole += PrefixBytes + body.Length;
        }

        if (whole < content.Length)
        {
            using var file = new FileStream(_path, FileMode.Open, FileAccess.Write);
            file.SetLength(whole);
        }

        return arrived;
    }

    /// <summary>Writes one more down.</summary>
    public void Append(RolloutScored rollout)
    {
        var body = rollout.ToByteArray();
        var record = new byte[PrefixBytes + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(record, body.Length);
        SHA256.HashData(body, record.AsSpan(LengthBytes, SHA256.HashSizeInBytes));
        body.CopyTo(record.AsSpan(PrefixBytes));
        try
        {
            Directory.CreateDirectory(folder);
            using var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            file.Write(record);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(step, exception.Message);
        }
    }

    /// <summary>Forgets them: the step has all of its rollouts, and they are kept together.</summary>
    public void Delete()
    {
        if (File.Exists(_path))
        {
            File.Delete(_path);
        }
    }

    // Empty where no whole record begins; no rollout is empty.
    private static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> content)
    {
        if (content.Length < PrefixBytes)
        {
            return [];
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(content);
        if (length <= 0 || length > content.Length - PrefixBytes)
        {
            return [];
        }

        var body = content.Slice(PrefixBytes, length);
        return SHA256.HashData(body).AsSpan().SequenceEqual(content.Slice(LengthBytes, SHA256.HashSizeInBytes)) ? body : [];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A rollout of step {Step} can't be written down: {Reason}")]
    private partial void LogNotWritten(long step, string reason);
}
