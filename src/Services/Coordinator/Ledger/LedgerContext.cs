using Microsoft.EntityFrameworkCore;

namespace Rlhf.Coordinator.Ledger;

/// <summary>
/// The tables of the ledger. Everything is addressed by ids that are functions of what was asked. Each database has a context of its
/// own, by which its migrations are found.
/// </summary>
internal abstract class LedgerContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<RunRow> Runs => Set<RunRow>();

    public DbSet<StageRow> Stages => Set<StageRow>();

    public DbSet<PromptRow> Prompts => Set<PromptRow>();

    public DbSet<ReceiptRow> Receipts => Set<ReceiptRow>();

    public DbSet<ResponseRow> Responses => Set<ResponseRow>();

    public DbSet<RevisionRoundRow> RevisionRounds => Set<RevisionRoundRow>();

    public DbSet<ComparisonRow> Comparisons => Set<ComparisonRow>();

    public DbSet<RatingRow> Ratings => Set<RatingRow>();

    public DbSet<ScoreRow> Scores => Set<ScoreRow>();

    public DbSet<VersionRow> Versions => Set<VersionRow>();

    public DbSet<StepMetricRow> StepMetrics => Set<StepMetricRow>();

    public DbSet<LabellingRow> Labellings => Set<LabellingRow>();

    public DbSet<ComparisonPairRow> ComparisonPairs => Set<ComparisonPairRow>();

    public DbSet<LeaseRow> Leases => Set<LeaseRow>();

    public DbSet<LabelRow> Labels => Set<LabelRow>();

    public DbSet<LabellerRow> Labellers => Set<LabellerRow>();

    public DbSet<CredentialRow> Credentials => Set<CredentialRow>();

    public DbSet<GuidelinesRow> Guidelines => Set<GuidelinesRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<RunRow>().ToTable("runs").HasKey(row => row.RunId);
        modelBuilder.Entity<RunRow>().Property(row => row.Status).HasConversion<string>();
        modelBuilder.Entity<StageRow>().ToTable("stages").HasKey(row => new { row.RunId, row.Name });
        modelBuilder.Entity<StageRow>().Property(row => row.Status).HasConversion<string>();
        modelBuilder.Entity<PromptRow>().ToTable("prompts").HasKey(row => new { row.RunId, row.PromptId });
        modelBuilder.Entity<PromptRow>().Property(row => row.Kind).HasConversion<string>();
        modelBuilder.Entity<ReceiptRow>(entity =>
        {
            entity.ToTable("receipts").HasKey(row => row.Key);
            entity.HasIndex(row => new { row.RunId, row.Stage });
        });
        modelBuilder.Entity<ResponseRow>(entity =>
        {
            entity.ToTable("responses").HasKey(row => row.ResponseId);
            entity.HasIndex(row => new { row.RunId, row.Stage });
            entity.HasIndex(row => new { row.RunId, row.PromptId });
        });
        modelBuilder.Entity<RevisionRoundRow>(entity =>
        {
            entity.ToTable("revision_rounds").HasKey(row => new { row.MessageId, row.Round });
            entity.HasIndex(row => new { row.RunId, row.Stage });
        });
        modelBuilder.Entity<ComparisonRow>(entity =>
        {
            entity.ToTable("comparisons").HasKey(row => row.MessageId);
            entity.HasIndex(row => new { row.RunId, row.PromptId });
            entity.HasIndex(row => new { row.RunId, row.Stage, row.PromptId });
        });
        modelBuilder.Entity<RatingRow>().ToTable("ratings").HasKey(row => new { row.RunId, row.ResponseId });
        modelBuilder.Entity<ScoreRow>(entity =>
        {
            entity.ToTable("scores").HasKey(row => new { row.ResponseId, row.RewardModelVersion });
            entity.HasIndex(row => row.RunId);
        });
        modelBuilder.Entity<VersionRow>().ToTable("versions").HasKey(row => row.VersionId);
        modelBuilder.Entity<StepMetricRow>().ToTable("step_metrics").HasKey(row => new { row.RunId, row.Stage, row.Step, row.Name });
        DescribeFeedback(modelBuilder);
    }

    private static void DescribeFeedback(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<LabellingRow>().ToTable("labellings").HasKey(row => new { row.RunId, row.Stage });
        modelBuilder.Entity<LabellingRow>().Property(row => row.State).HasConversion<string>();
        modelBuilder.Entity<ComparisonPairRow>(entity =>
        {
            entity.ToTable("comparison_pairs").HasKey(row => row.PairId);

            // A name, not a flag: SQLite goes through an index by equality only, and a flag's condition is none.
            entity.Property(row => row.State).HasConversion<string>();
            entity.HasIndex(row => new { row.RunId, row.Stage, row.State, row.Priority, row.Position });
            entity.HasIndex(row => new { row.RunId, row.Stage, row.PromptId });
        });
        modelBuilder.Entity<LeaseRow>(entity =>
        {
            entity.ToTable("leases").HasKey(row => row.LeaseId);
            entity.Property(row => row.State).HasConversion<string>();
            entity.HasIndex(row => new { row.RunId, row.Stage, row.State, row.ExpiresUnixMs });
            entity.HasIndex(row => new { row.RunId, row.Stage, row.LabellerId, row.State });
            entity.HasIndex(row => new { row.PairId, row.LabellerId });
        });
        modelBuilder.Entity<LabelRow>(entity =>
        {
            entity.ToTable("labels").HasKey(row => row.LeaseId);
            entity.Property(row => row.Verdict).HasConversion<string>();
            entity.HasIndex(row => new { row.RunId, row.Stage, row.LabellerId, row.Number });
        });
        modelBuilder.Entity<LabellerRow>().ToTable("labellers").HasKey(row => row.LabellerId);
        modelBuilder.Entity<LabellerRow>().Property(row => row.Role).HasConversion<string>();
        modelBuilder.Entity<CredentialRow>(entity =>
        {
            entity.ToTable("credentials").HasKey(row => row.Hash);
            entity.Property(row => row.Kind).HasConversion<string>();
            entity.HasIndex(row => row.LabellerId);
        });
        modelBuilder.Entity<GuidelinesRow>().ToTable("guidelines").HasKey(row => row.Hash);
    }
}
