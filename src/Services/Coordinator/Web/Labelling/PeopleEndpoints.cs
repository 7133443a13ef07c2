using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Web.Access;

namespace Rlhf.Coordinator.Web.Labelling;

/// <summary>What the people page posts beside its own forms: one form a row can't be named in advance.</summary>
internal static class PeopleEndpoints
{
    public static void MapPeople(this WebApplication app) =>
        app.MapPost("/people/close", static async Task<IResult> (HttpContext context, LabellerAccounts accounts, CancellationToken cancellationToken) =>
        {
            if (Visitor.Of(context).Labeller is not { } lead)
            {
                return Results.StatusCode(StatusCodes.Status401Unauthorized);
            }

            var form = await context.Request.ReadFormAsync(cancellationToken);
            try
            {
                await accounts.RevokeAsync(lead, form["name"].ToString(), cancellationToken);
                return Results.Redirect("/people");
            }
            catch (RefusedException exception)
            {
                return Results.StatusCode(exception.Refusal switch
                {
                    Refusal.Forbidden => StatusCodes.Status403Forbidden,
                    Refusal.NotFound => StatusCodes.Status404NotFound,
                    _ => StatusCodes.Status409Conflict,
                });
            }
        }).RequireAntiforgery();
}
