using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Rlhf.Learner.CommandLine.Plotting;

/// <summary><c>train plot FOLDER…</c>: the curves of trainings as an SVG file.</summary>
internal static class PlotCommand
{
    /// <summary>Makes the command.</summary>
    /// <param name="output">Gets the file's name.</param>
    public static Command Create(TextWriter output)
    {
        var folders = new Argument<string[]>("folders") { Description = "Output folders of trainings.", Arity = ArgumentArity.OneOrMore };
        var figures = new Option<string[]>("--figures")
        {
            Description = "What to plot, by the names in steps.jsonl.",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["reward", "kl"],
        };
        var marks = new Option<Dictionary<string, double>>("--mark")
        {
            Description = "A dashed line across a figure's panel, such as kl=10.",
            HelpName = "NAME=NUMBER",
            CustomParser = ParseMarks,
            DefaultValueFactory = _ => [],
        };
        var file = new Option<string>("--output") { Description = "The SVG file.", HelpName = "FILE", Required = true };
        var command = new Command("plot", "Plots the steps of finished or running trainings.") { folders, figures, marks, file };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            CurvePlot.Write(
                path, [.. parsed.GetRequiredValue(folders).Select(StepCurves.Read)], parsed.GetRequiredValue(figures), parsed.GetRequiredValue(marks));
            output.WriteLine($"The plot is in {path}.");
            return 0;
        });
        return command;
    }

    private static Dictionary<string, double> ParseMarks(ArgumentResult result)
    {
        var marks = new Dictionary<string, double>();
        foreach (var token in result.Tokens)
        {
            if (token.Value.Split('=') is [var name, var text] && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            {
                marks[name] = number;
            }
            else
            {
                result.AddError($"'{token.Value}' is no mark; give one such as kl=10.");
            }
        }

        return marks;
    }
}
