using Google.Protobuf;

namespace Rlhf.Coordinator.Runs;

/// <summary>Something a stage wants from another service. It is done when the ledger has a final receipt for its message id.</summary>
/// <param name="MessageId">A function of run, stage and item.</param>
/// <param name="RoutingKey">Where the request goes.</param>
/// <param name="Request">Makes the request.</param>
internal sealed record WantedItem(string MessageId, string RoutingKey, Func<IMessage> Request);
