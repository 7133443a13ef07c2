using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Recording;

/// <summary>Binds the ledger to every fact.</summary>
internal static class RecordingServices
{
    // As many as one transaction takes: they wait together for its commit.
    private const ushort Prefetch = 256;

    public static IServiceCollection AddRecording(this IServiceCollection services) => services
        .AddMessageConsumer<RevisionCompleted, FactHandlers>(QueueNames.CoordinatorLedger, RoutingKeys.RevisionsCompleted, Prefetch)
        .AddMessageConsumer<RolloutGenerated, FactHandlers>(QueueNames.CoordinatorLedger, RoutingKeys.RolloutsGenerated, Prefetch)
        .AddMessageConsumer<RolloutScored, FactHandlers>(QueueNames.CoordinatorLedger, RoutingKeys.RolloutsScored, Prefetch)
        .AddMessageConsumer<PreferenceRecorded, FactHandlers>(QueueNames.CoordinatorLedger, RoutingKeys.PreferencesRecorded, Prefetch)
        .AddMessageConsumer<VersionPublished, VersionPublishedHandler>(QueueNames.CoordinatorLedger, RoutingKeys.PolicyPublished, Prefetch)
        .AddMessageConsumer<VersionPublished, VersionPublishedHandler>(QueueNames.CoordinatorLedger, RoutingKeys.RewardModelPublished, Prefetch);
}
