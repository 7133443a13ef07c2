namespace Rlhf.Learner.Versions;

/// <summary>Files that appear whole or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a text beside its place, and moves it there once it is on the disk.</summary>
    /// <exception cref="IOException">It can't be written; nothing has changed.</exception>
    public static void Write(string folder, string name, string text)
    {
        var partial = Path.Combine(folder, $"{name}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(partial, FileMode.CreateNew, FileAccess.Write))
            using (var writer = new StreamWriter(stream))
            {
                writer.Write(text);
                writer.Flush();
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, Path.Combine(folder, name), overwrite: true);
        }
        finally
        {
            File.Delete(partial); // still there only when something failed
        }
    }
}
