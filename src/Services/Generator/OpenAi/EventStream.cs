using System.Text;
using System.Text.Json.Nodes;

namespace Rlhf.Generator.OpenAi;

/// <summary>Writes server-sent events.</summary>
internal sealed class EventStream(HttpContext context)
{
    public void Begin()
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
    }

    public Task SendAsync(JsonObject data) => WriteAsync($"data: {data.ToJsonString()}\n\n");

    public Task EndAsync() => WriteAsync("data: [DONE]\n\n");

    private async Task WriteAsync(string text)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
