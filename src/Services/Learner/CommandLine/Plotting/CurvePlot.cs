using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Rlhf.Learner.CommandLine.Plotting;

/// <summary>Curves of trainings as a picture: a panel a figure, one above the other, a line a training.</summary>
internal static class CurvePlot
{
    private const int Width = 900;
    private const int PanelHeight = 280;
    private const string LegendRoom = "     "; // without a screen, texts are measured too narrow
    private const double Gap = 0.03; // between panels, as a share of the height

    /// <summary>Writes an SVG file.</summary>
    /// <param name="path">Where; replaced if it is there.</param>
    /// <param name="trainings">At least one.</param>
    /// <param name="figures">At least one.</param>
    /// <param name="marks">Horizontal lines, by figure.</param>
    /// <exception cref="InvalidDataException">A training has not got a figure.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, IReadOnlyList<StepCurves> trainings, IReadOnlyList<string> figures, IReadOnlyDictionary<string, double> marks)
    {
        var plot = new PlotModel { Background = OxyColors.White };
        plot.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.BottomCenter, LegendOrientation = LegendOrientation.Horizontal });
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "step" });
        foreach (var (index, figure) in figures.Index())
        {
            plot.Axes.Add(new LinearAxis
            {
                Position = AxisPosition.Left,
                Key = figure,
                Title = figure,
                StartPosition = ((figures.Count - 1 - index) / (double)figures.Count) + (index < figures.Count - 1 ? Gap : 0),
                EndPosition = (figures.Count - index) / (double)figures.Count,
                MajorGridlineStyle = LineStyle.Dot,
            });
            if (marks.TryGetValue(figure, out var mark))
            {
                plot.Annotations.Add(new LineAnnotation { Type = LineAnnotationType.Horizontal, Y = mark, YAxisKey = figure, Color = OxyColors.Gray, LineStyle = LineStyle.Dash });
            }

            foreach (var (number, training) in trainings.Index())
            {
                var line = new LineSeries { YAxisKey = figure, Color = OxyPalettes.HueDistinct(trainings.Count + 1).Colors[number], Title = index == 0 ? training.Name + LegendRoom : null };
                line.Points.AddRange(training.Of(figure).Select(point => new DataPoint(point.Step, point.Value)));
                plot.Series.Add(line);
            }
        }

        using var file = File.Create(path);
        new SvgExporter { Width = Width, Height = PanelHeight * figures.Count }.Export(plot, file);
    }
}
