using Microsoft.AspNetCore.Http;

namespace Rlhf.ServiceDefaults;

/// <summary>Who calls, as far as it matters for taking turns.</summary>
public static class Callers
{
    /// <summary>The name of whoever was authenticated; else the connection, of which a program usually has one.</summary>
    public static string NameOf(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.User.Identity is { IsAuthenticated: true, Name: { } name } ? $"caller {name}" : $"connection {context.Connection.Id}";
    }
}
