using Tensorboard;

namespace Rlhf.Learner.Tests;

/// <summary>Reads TensorBoard's event files record by record, with a checksum of its own: bit by bit, from the polynomial.</summary>
internal static class EventFileReader
{
    /// <summary>The events of all files of a folder, files by name.</summary>
    public static List<Event> ReadFolder(string folder) => [.. Directory.EnumerateFiles(folder, "events.out.tfevents.*").SelectMany(Read)];

    public static List<Event> Read(string path)
    {
        var events = new List<Event>();
        using var reader = new BinaryReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            var length = reader.ReadBytes(8);
            Assert.Equal(Masked(length), reader.ReadUInt32());
            var data = reader.ReadBytes(checked((int)BitConverter.ToUInt64(length)));
            Assert.Equal(Masked(data), reader.ReadUInt32());
            events.Add(Event.Parser.ParseFrom(data));
        }

        return events;
    }

    internal static uint Checksum(byte[] data)
    {
        const uint Polynomial = 0x82F63B78; // Castagnoli's, bits in reverse
        var crc = 0xFFFFFFFF;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            }
        }

        return crc ^ 0xFFFFFFFF;
    }

    private static uint Masked(byte[] data)
    {
        var crc = Checksum(data);
        return unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8);
    }
}
