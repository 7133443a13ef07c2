using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Rlhf.Judge;

/// <summary>Seeds of the steps of one request: each a function of the request's seed and of what it is for, none near another.</summary>
internal static class DerivedSeed
{
    public static ulong Of(ulong seed, string purpose, int index) =>
        BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{purpose}/{index}")));
}
