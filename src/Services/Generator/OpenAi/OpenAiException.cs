using System.Text.Json.Nodes;

namespace Rlhf.Generator.OpenAi;

/// <summary>A request can't be done; told in the shape that OpenAI's clients read.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="message">What was wrong and what would be right.</param>
/// <param name="param">The parameter it is about; null where it is about none.</param>
/// <param name="code">OpenAI's code for it; null where there is none.</param>
internal sealed class OpenAiException(int status, string message, string? param = null, string? code = null) : Exception(message)
{
    public int Status => status;

    /// <summary>When it makes sense to try again; null where nothing is known about that.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    public JsonObject ToJson() => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = Message,
            ["type"] = status switch
            {
                >= StatusCodes.Status500InternalServerError => "server_error",
                StatusCodes.Status429TooManyRequests => "requests",
                _ => "invalid_request_error",
            },
            ["param"] = param,
            ["code"] = code,
        },
    };

    public static OpenAiException InvalidValue(string message, string? param) =>
        new(StatusCodes.Status400BadRequest, message, param, "invalid_value");

    public static OpenAiException OverCapacity(string message, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, message, code: "rate_limit_exceeded") { RetryAfter = retryAfter };

    public static OpenAiException Unsupported(string param, string message) =>
        new(StatusCodes.Status400BadRequest, message, param, "unsupported_parameter");

    public static OpenAiException UnknownModel(string model) =>
        new(StatusCodes.Status404NotFound, $"The model '{model}' does not exist; GET /v1/models lists those that do.", "model", "model_not_found");
}
