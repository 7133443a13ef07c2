using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Rlhf.Coordinator.Ledger.Migrations.PostgreSql
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "comparisons",
                columns: table => new
                {
                    MessageId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PromptId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ResponseAId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ResponseBId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PreferenceA = table.Column<double>(type: "double precision", nullable: false),
                    ProbabilityAFirst = table.Column<double>(type: "double precision", nullable: false),
                    ProbabilityASecond = table.Column<double>(type: "double precision", nullable: false),
                    SamePosition = table.Column<bool>(type: "boolean", nullable: false),
                    PrincipleId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    JudgeVersion = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    TemplateHash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Seed = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_comparisons", x => x.MessageId);
                });

            migrationBuilder.CreateTable(
                name: "prompts",
                columns: table => new
                {
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PromptId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Position = table.Column<int>(type: "integer", nullable: false),
                    Kind = table.Column<string>(type: "text", nullable: false),
                    IsEvaluation = table.Column<bool>(type: "boolean", nullable: false),
                    Turns = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_prompts", x => new { x.RunId, x.PromptId });
                });

            migrationBuilder.CreateTable(
                name: "ratings",
                columns: table => new
                {
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ResponseId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PromptId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Elo = table.Column<double>(type: "double precision", nullable: false),
                    BradleyTerry = table.Column<double>(type: "double precision", nullable: false),
                    Comparisons = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ratings", x => new { x.RunId, x.ResponseId });
                });

            migrationBuilder.CreateTable(
                name: "receipts",
                columns: table => new
                {
                    Key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    MessageId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    IsFinal = table.Column<bool>(type: "boolean", nullable: false),
                    Error = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_receipts", x => x.Key);
                });

            migrationBuilder.CreateTable(
                name: "responses",
                columns: table => new
                {
                    ResponseId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Step = table.Column<long>(type: "bigint", nullable: false),
                    PromptId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PolicyVersion = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Text = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    TokenCount = table.Column<int>(type: "integer", nullable: false),
                    IsFinished = table.Column<bool>(type: "boolean", nullable: true),
                    Seed = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_responses", x => x.ResponseId);
                });

            migrationBuilder.CreateTable(
                name: "revision_rounds",
                columns: table => new
                {
                    MessageId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Round = table.Column<int>(type: "integer", nullable: false),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PromptId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PrincipleId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Critique = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Revision = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Harmlessness = table.Column<double>(type: "double precision", nullable: false),
                    ConstitutionHash = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_revision_rounds", x => new { x.MessageId, x.Round });
                });

            migrationBuilder.CreateTable(
                name: "runs",
                columns: table => new
                {
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Seed = table.Column<long>(type: "bigint", nullable: false),
                    Definition = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Status = table.Column<string>(type: "text", nullable: false),
                    Error = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    CreatedUnixMs = table.Column<long>(type: "bigint", nullable: false),
                    Seconds = table.Column<double>(type: "double precision", nullable: false),
                    PromptReport = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_runs", x => x.RunId);
                });

            migrationBuilder.CreateTable(
                name: "scores",
                columns: table => new
                {
                    ResponseId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RewardModelVersion = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Raw = table.Column<double>(type: "double precision", nullable: false),
                    Normalised = table.Column<double>(type: "double precision", nullable: false),
                    Rating = table.Column<double>(type: "double precision", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_scores", x => new { x.ResponseId, x.RewardModelVersion });
                });

            migrationBuilder.CreateTable(
                name: "stages",
                columns: table => new
                {
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Position = table.Column<int>(type: "integer", nullable: false),
                    Status = table.Column<string>(type: "text", nullable: false),
                    Done = table.Column<long>(type: "bigint", nullable: false),
                    Wanted = table.Column<long>(type: "bigint", nullable: false),
                    Refused = table.Column<long>(type: "bigint", nullable: false),
                    RefusedByReason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Seconds = table.Column<double>(type: "double precision", nullable: false),
                    Unit = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Detail = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PublishedVersion = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Results = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    FailedAttempts = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_stages", x => new { x.RunId, x.Name });
                });

            migrationBuilder.CreateTable(
                name: "step_metrics",
                columns: table => new
                {
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Step = table.Column<long>(type: "bigint", nullable: false),
                    Name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Value = table.Column<double>(type: "double precision", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_step_metrics", x => new { x.RunId, x.Stage, x.Step, x.Name });
                });

            migrationBuilder.CreateTable(
                name: "versions",
                columns: table => new
                {
                    VersionId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Kind = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    BaseVersionId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Method = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Step = table.Column<long>(type: "bigint", nullable: false),
                    Seed = table.Column<long>(type: "bigint", nullable: false),
                    OptionsJson = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    SoftwareVersion = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    CreatedUnixMs = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_versions", x => x.VersionId);
                });

            migrationBuilder.CreateIndex(
                name: "IX_comparisons_RunId_Stage",
                table: "comparisons",
                columns: new[] { "RunId", "Stage" });

            migrationBuilder.CreateIndex(
                name: "IX_receipts_RunId_Stage",
                table: "receipts",
                columns: new[] { "RunId", "Stage" });

            migrationBuilder.CreateIndex(
                name: "IX_responses_RunId_Stage",
                table: "responses",
                columns: new[] { "RunId", "Stage" });

            migrationBuilder.CreateIndex(
                name: "IX_revision_rounds_RunId_Stage",
                table: "revision_rounds",
                columns: new[] { "RunId", "Stage" });

            migrationBuilder.CreateIndex(
                name: "IX_scores_RunId",
                table: "scores",
                column: "RunId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "comparisons");

            migrationBuilder.DropTable(
                name: "prompts");

            migrationBuilder.DropTable(
                name: "ratings");

            migrationBuilder.DropTable(
                name: "receipts");

            migrationBuilder.DropTable(
                name: "responses");

            migrationBuilder.DropTable(
                name: "revision_rounds");

            migrationBuilder.DropTable(
                name: "runs");

            migrationBuilder.DropTable(
                name: "scores");

            migrationBuilder.DropTable(
                name: "stages");

            migrationBuilder.DropTable(
                name: "step_metrics");

            migrationBuilder.DropTable(
                name: "versions");
        }
    }
}
