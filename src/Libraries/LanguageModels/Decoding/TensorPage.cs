using Rlhf.LanguageModels.Transformer;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>A page of a pool of tensors.</summary>
internal sealed class TensorPage(KeyValuePool pool) : KeyValuePage
{
    /// <summary>Its place in the pool.</summary>
    public int Index { get; } = pool.Take();

    public override KeyValuePage Copy()
    {
        var copy = new TensorPage(pool);
        pool.Copy(Index, copy.Index);
        return copy;
    }

    protected override void Free() => pool.GiveBack(Index);
}
