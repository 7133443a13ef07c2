namespace Rlhf.LanguageModels.Configuration;

/// <summary>The feed-forward layer's nonlinearity.</summary>
public enum Activation
{
    /// <summary>x · σ(x).</summary>
    Silu,

    /// <summary>GELU in its tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415), "gelu_new" and "gelu_pytorch_tanh".</summary>
    GeluTanh,
}
