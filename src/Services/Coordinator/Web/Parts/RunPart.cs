using Microsoft.AspNetCore.Components;

namespace Rlhf.Coordinator.Web.Parts;

/// <summary>A part of a run's page: rendered within the page, and alone when the page asks for it again.</summary>
public abstract class RunPart : ComponentBase
{
    /// <summary>The run.</summary>
    [Parameter, EditorRequired]
    public string RunId { get; set; } = "";

    /// <summary>Within a document that stands alone: no links into the console and nothing to operate.</summary>
    [Parameter]
    public bool IsStandAlone { get; set; }

    /// <summary>The request that is answered.</summary>
    [CascadingParameter]
    protected HttpContext? Context { get; set; }

    /// <summary>Ends when the browser has gone.</summary>
    private protected CancellationToken Cancellation => Context?.RequestAborted ?? CancellationToken.None;
}
