using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Benchmarks;

/// <summary>How fast this machine reads memory that no cache holds.</summary>
internal static unsafe class ReadBandwidth
{
    private const long Floats = 128L << 20; // 512 MiB
    private const int Repetitions = 5;

    /// <summary>The best of a few passes over 512 MiB, in one share a thread.</summary>
    public static double BytesPerSecond(int threads)
    {
        var buffer = (float*)NativeMemory.AlignedAlloc((nuint)(Floats * sizeof(float)), 64);
        try
        {
            Pass(threads, (from, count) => Fill(from, count), buffer);
            return Enumerable.Range(0, Repetitions).Max(_ =>
            {
                var since = Stopwatch.GetTimestamp();
                Pass(threads, (from, count) => Sum(from, count), buffer);
                return Floats * sizeof(float) / Stopwatch.GetElapsedTime(since).TotalSeconds;
            });
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private delegate void Work(float* from, long count);

    private static void Pass(int threads, Work work, float* buffer)
    {
        var share = Floats / threads / 64 * 64;
        var workers = Enumerable.Range(0, threads).Select(i => new Thread(() => work(buffer + (i * share), share))).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
    }

    private static void Fill(float* from, long count)
    {
        for (var i = 0L; i < count; i++)
        {
            from[i] = i & 7;
        }
    }

    private static void Sum(float* from, long count)
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        for (var i = 0L; i + 64 <= count; i += 64)
        {
            a += Vector512.Load(from + i);
            b += Vector512.Load(from + i + 16);
            c += Vector512.Load(from + i + 32);
            d += Vector512.Load(from + i + 48);
        }

        GC.KeepAlive(Vector512.Sum(a + b + c + d)); // the sum is wanted, as far as the compiler knows
    }
}
