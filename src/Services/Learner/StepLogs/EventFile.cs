using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Google.Protobuf;
using Tensorboard;

namespace Rlhf.Learner.StepLogs;

/// <summary>
/// Scalars as TensorBoard reads them: a file of records, each a length, a checksum of the length, an event, and a checksum of the
/// event (TensorFlow's TFRecord format). The file is whole after every step.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Version = "brain.Event:2"; // what readers look for in the first record
    private const uint MaskOffset = 0xA282EAD8;     // of TFRecord's masked checksums

    private readonly FileStream _file;

    /// <summary>Starts a new file; older ones of the folder stay, and TensorBoard shows them as one run.</summary>
    /// <param name="folder">Must be there.</param>
    /// <param name="firstStep">Steps of older files from this one on are forgotten by TensorBoard: they are done again.</param>
    /// <exception cref="IOException">The file can't be written.</exception>
    public EventFile(string folder, long firstStep)
    {
        var now = DateTimeOffset.UtcNow;
        var name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{now.ToUnixTimeSeconds()}.{Environment.MachineName}.{Environment.ProcessId}.{Guid.NewGuid():N}");
        _file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Write(new Event { FileVersion = Version, WallTime = SecondsOf(now) });
        Write(new Event { WallTime = SecondsOf(now), Step = firstStep, SessionLog = new SessionLog { Status = SessionLog.Types.SessionStatus.Start } });
        _file.Flush();
    }

    /// <summary>Adds a step's figures, one tag each.</summary>
    /// <exception cref="IOException">The disk is full, or can't be written.</exception>
    public void Add(long step, DateTimeOffset time, IReadOnlyDictionary<string, double> values)
    {
        var summary = new Summary();
        summary.Value.AddRange(values.Select(value => new Summary.Types.Value { Tag = value.Key, SimpleValue = (float)value.Value }));
        Write(new Event { WallTime = SecondsOf(time), Step = step, Summary = summary });
        _file.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static double SecondsOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private void Write(Event record)
    {
        var data = record.ToByteArray();
        Span<byte> head = stackalloc byte[sizeof(ulong) + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[sizeof(ulong)..], MaskedChecksum(head[..sizeof(ulong)]));
        Span<byte> tail = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(tail, MaskedChecksum(data));
        _file.Write(head);
        _file.Write(data);
        _file.Write(tail);
    }

    // CRC-32C (Castagnoli), turned by 15 bits and shifted: a checksum of data that holds checksums would say little.
    private static uint MaskedChecksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return BitOperations.RotateRight(~crc, 15) + MaskOffset;
    }
}
