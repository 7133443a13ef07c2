using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.DataFiles;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Coordinator.Exchange;

/// <summary>
/// A run's comparisons in the forms that training tools read. A tie names no better answer and is left out; so is what a pair of
/// transcripts has no place for.
/// </summary>
internal static class PreferenceExport
{
    private const double Tie = 0.5;

    /// <summary>The lines, in the order of the comparisons' ids.</summary>
    public static async IAsyncEnumerable<string> LinesAsync(
        LedgerContext ledger, string runId, ExportFormat format, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var comparisons =
            from comparison in ledger.Comparisons.AsNoTracking()
            where comparison.RunId == runId && comparison.PreferenceA != Tie
            // Not those beside a stage, which only measure how far people and the judge agree.
            where ledger.Stages.Any(stage => stage.RunId == runId && stage.Name == comparison.Stage)
            join a in ledger.Responses on comparison.ResponseAId equals a.ResponseId
            join b in ledger.Responses on comparison.ResponseBId equals b.ResponseId
            join prompt in ledger.Prompts on new { comparison.RunId, comparison.PromptId } equals new { prompt.RunId, prompt.PromptId }
            orderby comparison.MessageId
            select new { comparison.PreferenceA, A = a.Text, B = b.Text, prompt.Turns };
        await foreach (var pair in comparisons.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var turns = JsonSerializer.Deserialize<List<Turn>>(pair.Turns) ?? [];
            var row = pair.PreferenceA > Tie
                ? new PreferenceRow(PromptOf(turns), pair.A, pair.B) { Preference = pair.PreferenceA }
                : new PreferenceRow(PromptOf(turns), pair.B, pair.A) { Preference = 1 - pair.PreferenceA };
            var line = format switch
            {
                ExportFormat.Hh => PreferenceFileWriter.TranscriptLine(row),
                ExportFormat.TrlText => PreferenceFileWriter.TrlLine(row with { Prompt = new Prompt { Text = TextOf(turns) } }),
                _ => PreferenceFileWriter.TrlLine(row),
            };
            if (line is not null)
            {
                yield return line;
            }
        }
    }

    private static Prompt PromptOf(IEnumerable<Turn> turns) => new()
    {
        Conversation = new Conversation { Messages = { turns.Select(turn => new ChatMessage { Role = turn.Role, Content = turn.Content }) } },
    };

    private static string TextOf(IReadOnlyList<Turn> turns) => turns is [{ Role: "user" } question]
        ? question.Content
        : Transcript.Render([.. turns.Select(turn => new ConversationTurn(turn.Role, turn.Content))]);
}
