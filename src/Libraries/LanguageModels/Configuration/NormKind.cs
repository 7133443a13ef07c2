namespace Rlhf.LanguageModels.Configuration;

/// <summary>How the stream is normalised.</summary>
public enum NormKind
{
    /// <summary>By the root mean square, times a weight (Zhang and Sennrich 2019, arXiv:1910.07467).</summary>
    RootMeanSquare,

    /// <summary>The same with a weight that is stored less 1, as Gemma does.</summary>
    RootMeanSquareAboutOne,

    /// <summary>By mean and variance, with weight and bias (Ba et al. 2016, arXiv:1607.06450).</summary>
    Layer,
}
