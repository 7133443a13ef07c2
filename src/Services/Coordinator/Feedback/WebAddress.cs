namespace Rlhf.Coordinator.Feedback;

/// <summary>Where people open this process's pages.</summary>
internal sealed class WebAddress(LabellingOptions options, IConfiguration configuration)
{
    /// <summary>Without a slash at its end.</summary>
    public string Url => (string.IsNullOrEmpty(options.PublicUrl) ? configuration["Kestrel:Endpoints:http:Url"] ?? "" : options.PublicUrl).TrimEnd('/');
}
