using System.Security.Cryptography;
using System.Text.Json;

namespace Rlhf.Learner.Checkpoints;

/// <summary>What a checkpoint consists of, with a checksum of everything, this list included. It is written last.</summary>
/// <param name="Number">Updates or steps done.</param>
/// <param name="Fingerprint">Of the job's options and data: another job's checkpoint is not gone on from.</param>
/// <param name="Threads">Of tensor operations in the process that wrote it; with another number the last bits differ.</param>
/// <param name="Files">By name; those in subfolders with slashes.</param>
/// <param name="Checksum">SHA-256 of this manifest with an empty checksum.</param>
internal sealed record CheckpointManifest(
    long Number, string Fingerprint, int Threads, SortedDictionary<string, CheckpointFile> Files, string Checksum = "")
{
    /// <summary>Its name in the checkpoint's folder.</summary>
    public const string FileName = "manifest.json";

    /// <summary>Lists a folder's files, each written through to the disk, and adds the manifest.</summary>
    /// <exception cref="IOException">A file can't be read or written.</exception>
    public static CheckpointManifest Write(string folder, long number, string fingerprint, int threads)
    {
        var files = new SortedDictionary<string, CheckpointFile>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            files[Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/')] = DurableStorage.FlushFile(path);
        }

        foreach (var subfolder in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories))
        {
            DurableStorage.FlushFolder(subfolder);
        }

        var manifest = new CheckpointManifest(number, fingerprint, threads, files);
        var manifestPath = Path.Combine(folder, FileName);
        File.WriteAllBytes(manifestPath, JsonSerializer.SerializeToUtf8Bytes(manifest with { Checksum = manifest.ChecksumOfContent() }));
        DurableStorage.FlushFile(manifestPath);
        DurableStorage.FlushFolder(folder);
        return manifest;
    }

    /// <summary>Reads a folder's manifest and holds every file against it.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is not whole; the message says what is wrong with it.</exception>
    public static CheckpointManifest ReadVerified(string folder)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<CheckpointManifest>(File.ReadAllBytes(Path.Combine(folder, FileName)));
            if (manifest?.Files is null || manifest.Checksum != (manifest with { Checksum = "" }).ChecksumOfContent())
            {
                throw new InvalidDataException($"{FileName} is damaged");
            }

            foreach (var (name, file) in manifest.Files)
            {
                RequireWhole(Path.Combine(folder, name), name, file);
            }

            return manifest;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{FileName} is damaged", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }

    private static void RequireWhole(string path, string name, CheckpointFile file)
    {
        using var stream = File.OpenRead(path);
        if (stream.Length != file.Bytes)
        {
            throw new InvalidDataException($"{name} has {stream.Length} bytes and not {file.Bytes}");
        }

        if (Convert.ToHexStringLower(SHA256.HashData(stream)) != file.Sha256)
        {
            throw new InvalidDataException($"{name} has another checksum than when it was written");
        }
    }

    private string ChecksumOfContent() => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this)));
}
