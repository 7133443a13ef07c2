using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Rlhf.Testing;

/// <summary>One instruction of a compiled method.</summary>
/// <param name="Code">What it does.</param>
/// <param name="Operand">Its operand's first four bytes: a token, or the number of a local; 0 where it has none.</param>
internal readonly record struct Instruction(OpCode Code, int Operand)
{
    private const byte TwoByteCode = 0xFE;

    private static readonly Dictionary<short, OpCode> s_codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => field.GetValue(null)).OfType<OpCode>().ToDictionary(code => code.Value);

    /// <summary>The local that is stored or loaded (by <paramref name="name"/>, "stloc" or "ldloc"); null where it is another instruction.</summary>
    public int? Local(string name) => Code.Name?.Split('.') switch
    {
        [var verb] when verb == name => Operand,
        [var verb, "s"] when verb == name => Operand,
        [var verb, var number] when verb == name => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>A method's instructions in order; none where it has no body.</summary>
    public static IReadOnlyList<Instruction> Of(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var instructions = new List<Instruction>();
        for (var at = 0; at < code.Length;)
        {
            var isLong = code[at] == TwoByteCode;
            var opCode = s_codes[isLong ? BinaryPrimitives.ReadInt16BigEndian(code.AsSpan(at)) : code[at]];
            at += isLong ? 2 : 1;
            var size = OperandSize(opCode.OperandType, code.AsSpan(at));
            instructions.Add(new Instruction(opCode, size switch
            {
                0 => 0,
                1 => code[at],
                2 => BinaryPrimitives.ReadInt16LittleEndian(code.AsSpan(at)),
                _ => BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at)),
            }));
            at += size;
        }

        return instructions;
    }

    private static int OperandSize(OperandType type, ReadOnlySpan<byte> operand) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 * (1 + BinaryPrimitives.ReadInt32LittleEndian(operand)),
        _ => 4,
    };
}
