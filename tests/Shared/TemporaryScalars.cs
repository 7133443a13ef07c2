using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;

namespace Rlhf.Testing;

/// <summary>Finds, in compiled code, the numbers that go to TorchSharp without being kept for as long as native code reads them.</summary>
internal static class TemporaryScalars
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Type[] s_numbersThatBecomeScalars = [typeof(float), typeof(double), typeof(long)];
    private static readonly Lazy<HashSet<(Module, int)>> s_torchMethodsThatMakeThem = new(TorchMethodsThatMakeThem);

    /// <summary>A sentence for each.</summary>
    public static IEnumerable<string> In(Assembly assembly) =>
        MethodsOf(assembly).SelectMany(method => In(method).Select(what => $"{method.DeclaringType}.{method.Name} {what}."));

    private static IEnumerable<string> In(MethodBase method)
    {
        var instructions = Instruction.Of(method);
        var calls = Calls(method, instructions).ToList();
        foreach (var (at, called) in calls)
        {
            if (IsConversion(called) && !IsKept(instructions, at, calls))
            {
                yield return "makes a Scalar that is neither a field nor disposed";
            }
            else if (s_torchMethodsThatMakeThem.Value.Contains(Key(called)) && !RunsScript(called))
            {
                yield return $"calls {called.DeclaringType?.Name}.{called.Name}, which makes a Scalar that nothing keeps";
            }
        }

        if (calls.Any(call => RunsScript(call.Called)) && instructions.Any(instruction => Boxes(method, instruction)))
        {
            yield return "gives a number to a script, in place of a Scalar that is kept";
        }
    }

    // TorchSharp's own code does the same in places, such as the 1 of a + b: whatever calls that is no better.
    private static HashSet<(Module, int)> TorchMethodsThatMakeThem()
    {
        var callers = MethodsOf(typeof(Scalar).Assembly)
            .Where(method => method.DeclaringType != typeof(Scalar) && method.DeclaringType != typeof(ScalarExtensionMethods))
            .SelectMany(method => Calls(method, Instruction.Of(method)).Select(call => (Caller: Key(method), call.Called)))
            .ToLookup(call => IsConversion(call.Called) ? default : Key(call.Called), call => call.Caller);
        var found = new HashSet<(Module, int)>();
        var open = new Queue<(Module, int)>([default]);
        while (open.TryDequeue(out var called))
        {
            foreach (var caller in callers[called].Where(found.Add))
            {
                open.Enqueue(caller);
            }
        }

        return found;
    }

    private static IEnumerable<MethodBase> MethodsOf(Assembly assembly) =>
        assembly.GetTypes().SelectMany(type => type.GetMethods(Everything).Concat<MethodBase>(type.GetConstructors(Everything)));

    private static IEnumerable<(int At, MethodBase Called)> Calls(MethodBase caller, IReadOnlyList<Instruction> instructions) =>
        from instruction in instructions.Index()
        where instruction.Item.Code.OperandType == OperandType.InlineMethod
        let called = caller.Module.ResolveMethod(instruction.Item.Operand, TypeArguments(caller), MethodArguments(caller))
        where called is not null
        select (instruction.Index, called);

    private static bool IsKept(IReadOnlyList<Instruction> instructions, int at, IReadOnlyList<(int At, MethodBase Called)> calls)
    {
        var next = instructions[at + 1];
        return next.Code == OpCodes.Stfld || next.Code == OpCodes.Stsfld
            || (next.Local("stloc") is { } local
                && calls.Any(call => call.Called.Name == nameof(IDisposable.Dispose) && instructions[call.At - 1].Local("ldloc") == local));
    }

    private static bool IsConversion(MethodBase called) =>
        (called.DeclaringType == typeof(Scalar) && called.Name == "op_Implicit")
        || (called.DeclaringType == typeof(ScalarExtensionMethods) && called is MethodInfo { ReturnType: var made } && made == typeof(Scalar));

    private static bool RunsScript(MethodBase called) => called.DeclaringType == typeof(torch.jit.CompilationUnit) && called.Name == "invoke";

    private static bool Boxes(MethodBase method, Instruction instruction) =>
        instruction.Code == OpCodes.Box
        && s_numbersThatBecomeScalars.Contains(method.Module.ResolveType(instruction.Operand, TypeArguments(method), MethodArguments(method)));

    private static Type[]? TypeArguments(MethodBase method) => method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;

    private static Type[]? MethodArguments(MethodBase method) => method.IsGenericMethod ? method.GetGenericArguments() : null;

    private static (Module, int) Key(MethodBase method) => (method.Module, method.MetadataToken);
}
