using System.ComponentModel.DataAnnotations;

namespace Rlhf.ServiceDefaults;

/// <summary>The base language model, version "base". Configuration section "Model".</summary>
public sealed record ModelOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Model";

    /// <summary>The id of the model at <see cref="Path"/>.</summary>
    public const string BaseVersion = "base";

    /// <summary>A folder in Hugging Face layout: config.json, model.safetensors, tokenizer.json.</summary>
    [Required(ErrorMessage = "Model:Path is not set; give the folder of a language model in Hugging Face layout.")]
    public string Path { get; init; } = "";
}
