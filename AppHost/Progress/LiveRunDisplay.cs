using Rlhf.V1;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rlhf.AppHost.Progress;

/// <summary>A table of stages with bars, redrawn in place.</summary>
internal sealed class LiveRunDisplay : IRunDisplay
{
    private const int BarWidth = 24;

    public async Task<Run> ShowAsync(IAsyncEnumerable<Run> states)
    {
        var last = new Run();
        await AnsiConsole.Live(TableOf(last)).StartAsync(async live =>
        {
            await foreach (var run in states)
            {
                last = run;
                live.UpdateTarget(TableOf(run));
            }
        });
        return last;
    }

    private static Table TableOf(Run run)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("stage", "", "", "", "", "");
        table.Columns[0].NoWrap();
        foreach (var stage in run.Stages)
        {
            table.AddRow(
                new Markup($"{SymbolOf(stage.State)} {Markup.Escape(stage.Name)}"),
                BarOf(stage),
                new Text(StageFigures.CountOf(stage)),
                new Text(StageFigures.RateOf(stage)),
                new Text(stage.State == StageState.Succeeded ? StageFigures.Duration(stage.Seconds) : StageFigures.RemainingOf(stage)),
                new Text(stage.Refused > 0 ? $"{stage.Refused} refused {stage.Detail}" : stage.Detail));
        }

        return table;
    }

    private static string SymbolOf(StageState state) => state switch
    {
        StageState.Succeeded => "[green]✓[/]",
        StageState.Failed => "[red]✗[/]",
        StageState.Running => "[yellow]>[/]",
        _ => " ",
    };

    private static IRenderable BarOf(RunStage stage)
    {
        var share = stage.Wanted > 0 ? Math.Clamp((double)stage.Done / stage.Wanted, 0, 1) : 0;
        var filled = (int)Math.Round(share * BarWidth);
        return new Markup($"[green]{new string('━', filled)}[/][grey]{new string('─', BarWidth - filled)}[/]");
    }
}
