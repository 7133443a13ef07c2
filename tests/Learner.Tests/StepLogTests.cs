using System.Text.Json;
using Rlhf.Learner.StepLogs;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Tensorboard;

namespace Rlhf.Learner.Tests;

public sealed class StepLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_readers_checksum_is_CRC32C() => Assert.Equal(0xE3069283, EventFileReader.Checksum("123456789"u8.ToArray())); // RFC 3720's check value

    [Fact]
    public void Steps_are_readable_while_the_job_runs()
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        using var log = new StepLog(_folder.Path);
        log.Report(Step(1, ("loss", 1.5), ("kl", 0.1)));
        log.Report(Step(3_000_000_000, ("loss", 0.25)));
        var events = EventFileReader.ReadFolder(_folder.Path);
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal((SessionLog.Types.SessionStatus.Start, 1), (events[1].SessionLog.Status, events[1].Step));
        Assert.Equal([("loss", 1.5f), ("kl", 0.1f)], events[2].Summary.Value.Select(value => (value.Tag, value.SimpleValue)));
        Assert.Equal([("loss", 0.25f)], events[3].Summary.Value.Select(value => (value.Tag, value.SimpleValue)));
        Assert.Equal([1, 3_000_000_000], events[2..].Select(item => item.Step));
        Assert.All(events, item => Assert.InRange(item.WallTime, before, before + 600));
        var lines = Lines();
        Assert.Equal([1, 3_000_000_000], lines.Select(line => line.GetProperty("step").GetInt64()));
        Assert.Equal(0.1, lines[0].GetProperty("kl").GetDouble());
        Assert.Equal(10, lines[0].GetProperty("steps_wanted").GetInt64());
    }

    [Fact]
    public void Steps_that_are_done_again_replace_those_of_the_first_time()
    {
        using (var log = new StepLog(_folder.Path))
        {
            log.Report(Step(1, ("loss", 1)));
            log.Report(Step(2, ("loss", 2)));
            log.Report(Step(3, ("loss", 3)));
        }

        File.AppendAllText(Path.Combine(_folder.Path, StepLog.FileName), "{\"step\": 4, \"lo");
        using (var log = new StepLog(_folder.Path))
        {
            log.Report(Step(3, ("loss", 30)));
            log.Report(Step(4, ("loss", 40)));
        }

        Assert.Equal([(1, 1), (2, 2), (3, 30), (4, 40)], Lines().Select(line => (line.GetProperty("step").GetInt64(), line.GetProperty("loss").GetDouble())));
        Assert.Equal([1, 3], EventFileReader.ReadFolder(_folder.Path).Where(item => item.SessionLog is not null).Select(item => item.Step).Order());
    }

    private static TrainingStep Step(long step, params (string Name, double Value)[] values) =>
        new(step, 10, values.ToDictionary(value => value.Name, value => value.Value));

    private JsonElement[] Lines()
    {
        using var reader = new StreamReader(new FileStream(Path.Combine(_folder.Path, StepLog.FileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }
}
