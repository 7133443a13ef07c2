using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;

namespace Rlhf.Generator.OpenAi;

/// <summary>Reads a request's JSON.</summary>
internal static class RequestBody
{
    /// <exception cref="OpenAiException">It is too large, not UTF-8, not JSON, or not an object.</exception>
    public static async Task<RequestFields> ReadAsync(HttpContext context, long maxBytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = maxBytes;
        }

        using var bytes = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(bytes, context.RequestAborted);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new OpenAiException(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {maxBytes} bytes, the most that is taken.");
        }

        var body = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        if (!Utf8.IsValid(body.Span))
        {
            throw OpenAiException.InvalidValue("The body is not valid UTF-8.", null);
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return new RequestFields(json.RootElement.Clone());
        }
        catch (JsonException exception)
        {
            throw OpenAiException.InvalidValue($"The body is not valid JSON: {exception.Message}", null);
        }
    }
}
