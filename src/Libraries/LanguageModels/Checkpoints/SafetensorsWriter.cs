using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>Writes tensors as a safetensors file.</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes the file beside its final name and then moves it there, so that it is whole or absent.</summary>
    /// <param name="path">Where the file is to be.</param>
    /// <param name="tensors">Float32, bfloat16 or float16 tensors by name; they stay the caller's.</param>
    /// <exception cref="ArgumentException">A tensor has another type.</exception>
    /// <exception cref="IOException">The file can't be written, for example because the disk is full; nothing is left behind.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var names = tensors.Keys.Order(StringComparer.Ordinal).ToList();
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        var offset = 0L;
        foreach (var name in names)
        {
            var (type, size) = TypeOf(name, tensors[name].dtype);
            var end = offset + (tensors[name].numel() * size);
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. tensors[name].shape.Select(n => (JsonNode)n)]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var padded = new byte[8 + ((json.Length + 7) / 8 * 8)];
        padded.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteUInt64LittleEndian(padded, (ulong)(padded.Length - 8));
        json.CopyTo(padded.AsSpan(8));

        var temporary = path + ".partial";
        try
        {
            using (var file = File.Create(temporary))
            {
                file.Write(padded);
                foreach (var name in names)
                {
                    using var scope = NewDisposeScope();
                    file.Write(tensors[name].detach().cpu().contiguous().bytes);
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static (string Type, int Size) TypeOf(string name, ScalarType type) => type switch
    {
        ScalarType.Float32 => ("F32", 4),
        ScalarType.BFloat16 => ("BF16", 2),
        ScalarType.Float16 => ("F16", 2),
        _ => throw new ArgumentException($"\"{name}\" has type {type}; float32, bfloat16 and float16 can be written."),
    };
}
