using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rlhf.Coordinator.Feedback;

namespace Rlhf.Console.Tests;

/// <summary>A browser without a window: somebody's cookies, and the token of a page of theirs.</summary>
internal sealed partial class SignedIn : IDisposable
{
    private readonly HttpClientHandler _handler;
    private readonly string _token;

    private SignedIn(HttpClientHandler handler, HttpClient client, string token, string joinPath, FormUrlEncodedContent joinForm, string setCookie) =>
        (_handler, Client, _token, JoinPath, JoinForm, SetCookie) = (handler, client, token, joinPath, joinForm, setCookie);

    public HttpClient Client { get; }

    /// <summary>Where the invitation was redeemed.</summary>
    public string JoinPath { get; }

    /// <summary>The form by which the invitation was redeemed.</summary>
    public FormUrlEncodedContent JoinForm { get; }

    /// <summary>The header that gave the session.</summary>
    public string SetCookie { get; }

    public static async Task<SignedIn> AsAsync(ConsoleHarness harness, string name, LabellerRole role, CancellationToken cancellationToken)
    {
        var handler = new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };
        var client = new HttpClient(handler) { BaseAddress = new Uri(harness.Address) };
        var code = await harness.InviteAsync(name, role);
        var path = $"/join?code={code}";
        var token = TokenOf(await client.GetStringAsync(path, cancellationToken));
        FormUrlEncodedContent Form() => new(new Dictionary<string, string> { ["_handler"] = "join", ["code"] = code, ["__RequestVerificationToken"] = token });
        using var form = Form();
        using var joined = await client.PostAsync(path, form, cancellationToken);
        Assert.Equal(HttpStatusCode.Redirect, joined.StatusCode);
        return new SignedIn(handler, client, token, path, Form(), joined.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("rlhf-session=", StringComparison.Ordinal)));
    }

    /// <summary>A JSON post with the page's token.</summary>
    public HttpRequestMessage Json(string path, object body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("X-Antiforgery-Token", _token);
        return request;
    }

    /// <summary>Posts JSON and reads the answer.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, object body)
    {
        using var request = Json(path, body);
        using var answer = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));
    }

    /// <summary>A form with the token of a page.</summary>
    public async Task<FormUrlEncodedContent> FormAsync(string page, params (string Name, string Value)[] fields) => new(
        fields.Append(("__RequestVerificationToken", await TokenAsync(page))).ToDictionary());

    /// <summary>The token of a page.</summary>
    public async Task<string> TokenAsync(string page) => TokenOf(await Client.GetStringAsync(page, TestContext.Current.CancellationToken));

    public void Dispose()
    {
        JoinForm.Dispose();
        Client.Dispose();
        _handler.Dispose();
    }

    private static string TokenOf(string html) => TokenPattern().Match(html).Groups[1].Value;

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
