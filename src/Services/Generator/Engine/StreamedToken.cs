using Rlhf.LanguageModels.Sampling;

namespace Rlhf.Generator.Engine;

/// <summary>A token of one of several responses.</summary>
/// <param name="Index">Which response.</param>
/// <param name="Token">What was drawn.</param>
internal readonly record struct StreamedToken(int Index, DrawnToken Token);
