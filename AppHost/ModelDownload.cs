using System.Globalization;
using Rlhf.AppHost.Options;
using Rlhf.ModelHub;

namespace Rlhf.AppHost;

/// <summary>Turns a model of the Hugging Face Hub into a folder, before anything starts.</summary>
internal static class ModelDownload
{
    private static readonly TimeSpan _lineInterval = TimeSpan.FromSeconds(2);

    /// <summary>The options with the model's folder in them.</summary>
    /// <returns>Null after an error, which has been shown.</returns>
    public static async Task<AppHostOptions?> ResolveAsync(AppHostOptions options)
    {
        if (options.HubModel is not { } model)
        {
            return options;
        }

        try
        {
            var client = new ModelHubClient(HubOptions.From(Environment.GetEnvironmentVariable));
            Terminal.WriteLine($"There is no folder {model}: looking for it on the Hugging Face Hub.");
            // Ctrl-C ends the program as it always does; what was downloaded stays for the next start.
            var folder = await client.GetAsync(model, new Lines(model), CancellationToken.None);
            Terminal.WriteLine($"Model {model}: {folder}");
            return options with { ModelPath = folder };
        }
        catch (HubException exception)
        {
            Terminal.WriteError(exception.Message);
            return null;
        }
    }

    // A line now and then, in the order in which the pieces come.
    private sealed class Lines(HubModelId model) : IProgress<HubProgress>
    {
        private long _next;

        public void Report(HubProgress value)
        {
            if (Environment.TickCount64 >= _next)
            {
                _next = Environment.TickCount64 + (long)_lineInterval.TotalMilliseconds;
                Terminal.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"Downloading {model}: {value.Bytes / 1e6:F1} of {value.TotalBytes / 1e6:F1} MB ({value.File})"));
            }
        }
    }
}
