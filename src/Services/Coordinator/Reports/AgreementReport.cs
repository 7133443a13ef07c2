using Rlhf.Coordinator.Agreement;

namespace Rlhf.Coordinator.Reports;

/// <summary>Agreement of two labellers.</summary>
internal sealed record AgreementReport(string First, string Second, Kappa Agreement);
