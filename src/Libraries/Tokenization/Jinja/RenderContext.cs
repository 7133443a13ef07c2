using System.Runtime.CompilerServices;
using System.Text;

namespace Rlhf.Tokenization.Jinja;

/// <summary>What a rendering knows and has written so far, and how much it may still do.</summary>
internal sealed class RenderContext
{
    // An honest template takes a few dozen steps a turn.
    private const int MaxSteps = 2_000_000;
    private const int CharactersAStep = 64;

    private readonly Stack<Dictionary<string, object?>> _scopes = new();
    private readonly Stack<StringBuilder> _outputs = new();
    private int _steps;

    public RenderContext(IReadOnlyDictionary<string, object?> variables)
    {
        _scopes.Push(new Dictionary<string, object?>(variables, StringComparer.Ordinal));
        _outputs.Push(new StringBuilder());
    }

    /// <summary>Looks a name up, innermost scope first.</summary>
    public object? Get(string name)
    {
        foreach (var scope in _scopes)
        {
            if (scope.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return new Undefined(name);
    }

    public void Set(string name, object? value) => _scopes.Peek()[name] = value;

    public void Write(string text)
    {
        Charge(text.Length);
        _outputs.Peek().Append(text);
    }

    /// <summary>Runs something with names of its own.</summary>
    public Flow InScope(Func<Flow> run)
    {
        _scopes.Push(new Dictionary<string, object?>(StringComparer.Ordinal));
        try
        {
            return run();
        }
        finally
        {
            _scopes.Pop();
        }
    }

    /// <summary>What is written meanwhile, which is left out of the output.</summary>
    public string Captured(Action run)
    {
        _outputs.Push(new StringBuilder());
        try
        {
            run();
            return _outputs.Peek().ToString();
        }
        finally
        {
            _outputs.Pop();
        }
    }

    public string Output() => _outputs.Peek().ToString();

    /// <summary>Counts a step, and what is about to be made by it, before it is made.</summary>
    /// <exception cref="InvalidDataException">The template runs away.</exception>
    public void Charge(long characters = 0)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (characters / CharactersAStep >= MaxSteps - _steps)
        {
            throw new InvalidDataException($"The chat template can't be rendered: it takes more than {MaxSteps:N0} steps, or makes more than {(long)MaxSteps * CharactersAStep:N0} characters.");
        }

        _steps += 1 + (int)(characters / CharactersAStep);
    }
}
