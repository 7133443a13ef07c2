using Rlhf.Coordinator.Ledger;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Recording;

/// <summary>Turns queue messages into rows. Seeds are below 2^63 throughout, so a signed column holds them.</summary>
internal static class LedgerFacts
{
    public static LedgerFact Of(RevisionCompleted message)
    {
        var header = message.Header;
        var rows = new List<object>();
        if (message.InitialResponse.Length > 0)
        {
            rows.Add(new ResponseRow
            {
                ResponseId = ResponseRow.IdOf(header.MessageId, 0),
                RunId = header.RunId,
                Stage = header.Stage,
                Step = header.Step,
                PromptId = message.PromptId,
                PolicyVersion = message.PolicyVersion,
                Text = message.InitialResponse,
                TokenCount = 0,
                IsFinished = null,
                Seed = unchecked((long)message.Seed),
            });
        }

        rows.AddRange(message.Rounds.Select((round, index) => new RevisionRoundRow
        {
            MessageId = header.MessageId,
            Round = index,
            RunId = header.RunId,
            Stage = header.Stage,
            PromptId = message.PromptId,
            PrincipleId = round.PrincipleId,
            Critique = round.Critique,
            Revision = round.Revision,
            Harmlessness = round.Harmlessness,
            ConstitutionHash = message.ConstitutionHash,
        }));
        return new LedgerFact(Receipt(RoutingKeys.RevisionsCompleted, header, isFinal: true, message.Error), rows);
    }

    public static LedgerFact Of(RolloutGenerated message) => new(
        // With a reward model named, the scores are still to come, unless there is nothing to score.
        Receipt(RoutingKeys.RolloutsGenerated, message.Header, message.RewardModelVersion.Length == 0 || message.Error is not null, message.Error),
        [.. Responses(message)]);

    public static LedgerFact Of(RolloutScored message)
    {
        var header = message.Rollout.Header;
        var rows = new List<object>(Responses(message.Rollout));
        var error = message.Rollout.Error;
        foreach (var (score, index) in message.Scores.Select((score, index) => (score, index)))
        {
            error ??= score.Error;
            if (score.Error is null)
            {
                rows.Add(new ScoreRow
                {
                    ResponseId = ResponseRow.IdOf(header.MessageId, index),
                    RewardModelVersion = score.ModelVersion,
                    RunId = header.RunId,
                    Raw = score.Raw,
                    Normalised = score.Normalised,
                    Rating = score.Rating,
                });
            }
        }

        return new LedgerFact(Receipt(RoutingKeys.RolloutsScored, header, isFinal: true, error), rows);
    }

    public static LedgerFact Of(PreferenceRecorded message)
    {
        var header = message.Header;
        if (message.Error is not null || message.Judgement is not { } judgement)
        {
            return new LedgerFact(
                Receipt(RoutingKeys.PreferencesRecorded, header, isFinal: true,
                    message.Error ?? new ItemError { Code = ErrorCode.Unparsable, Message = "the message holds no judgement" }), []);
        }

        return new LedgerFact(
            Receipt(RoutingKeys.PreferencesRecorded, header, isFinal: true, error: null),
            [
                new ComparisonRow
                {
                    MessageId = header.MessageId,
                    RunId = header.RunId,
                    Stage = header.Stage,
                    PromptId = message.PromptId,
                    ResponseAId = message.ResponseAId,
                    ResponseBId = message.ResponseBId,
                    PreferenceA = judgement.PreferenceA,
                    ProbabilityAFirst = judgement.ProbabilityAFirst,
                    ProbabilityASecond = judgement.ProbabilityASecond,
                    SamePosition = judgement.SamePosition,
                    PrincipleId = judgement.PrincipleId,
                    JudgeVersion = judgement.JudgeVersion,
                    TemplateHash = judgement.TemplateHash,
                    Seed = unchecked((long)message.Seed),
                },
            ]);
    }

    public static LedgerFact Of(VersionPublished message, string routingKey)
    {
        var version = message.Version;
        var provenance = version.Provenance ?? new TrainingProvenance();
        return new LedgerFact(
            new ReceiptRow
            {
                Key = $"{routingKey} {version.VersionId}",
                MessageId = version.VersionId,
                RunId = provenance.RunId,
                Stage = message.Header?.Stage ?? "",
                IsFinal = false,
                Error = null,
            },
            [
                new VersionRow
                {
                    VersionId = version.VersionId,
                    RunId = provenance.RunId,
                    Kind = version.Kind.ToString(),
                    BaseVersionId = version.BaseVersionId,
                    Method = provenance.Method,
                    Step = provenance.Step,
                    Seed = unchecked((long)provenance.Seed),
                    OptionsJson = provenance.OptionsJson,
                    SoftwareVersion = provenance.SoftwareVersion,
                    CreatedUnixMs = version.CreatedUnixMs,
                },
            ]);
    }

    private static IEnumerable<ResponseRow> Responses(RolloutGenerated message) => message.Samples.Select((sample, index) => new ResponseRow
    {
        ResponseId = ResponseRow.IdOf(message.Header.MessageId, index),
        RunId = message.Header.RunId,
        Stage = message.Header.Stage,
        Step = message.Header.Step,
        PromptId = message.PromptId,
        PolicyVersion = message.PolicyVersion,
        Text = sample.Text,
        TokenCount = sample.TokenIds.Count,
        IsFinished = sample.FinishReason is FinishReason.EndOfSequence or FinishReason.Stop,
        Seed = unchecked((long)(message.Sampling?.Seed ?? 0) + index),
    });

    private static ReceiptRow Receipt(string routingKey, MessageHeader header, bool isFinal, ItemError? error) => new()
    {
        Key = $"{routingKey} {header.MessageId}",
        MessageId = header.MessageId,
        RunId = header.RunId,
        Stage = header.Stage,
        IsFinal = isFinal,
        Error = error is null ? null : $"{error.Code}: {error.Message}",
    };
}
