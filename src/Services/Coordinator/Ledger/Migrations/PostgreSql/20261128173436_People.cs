using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Rlhf.Coordinator.Ledger.Migrations.PostgreSql
{
    /// <inheritdoc />
    public partial class People : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_comparisons_RunId_Stage",
                table: "comparisons");

            migrationBuilder.AlterColumn<string>(
                name: "TemplateHash",
                table: "comparisons",
                type: "text",
                nullable: true,
                collation: "C",
                oldClrType: typeof(string),
                oldType: "text",
                oldCollation: "C");

            migrationBuilder.AlterColumn<long>(
                name: "Seed",
                table: "comparisons",
                type: "bigint",
                nullable: true,
                oldClrType: typeof(long),
                oldType: "bigint");

            migrationBuilder.AlterColumn<bool>(
                name: "SamePosition",
                table: "comparisons",
                type: "boolean",
                nullable: true,
                oldClrType: typeof(bool),
                oldType: "boolean");

            migrationBuilder.AlterColumn<double>(
                name: "ProbabilityASecond",
                table: "comparisons",
                type: "double precision",
                nullable: true,
                oldClrType: typeof(double),
                oldType: "double precision");

            migrationBuilder.AlterColumn<double>(
                name: "ProbabilityAFirst",
                table: "comparisons",
                type: "double precision",
                nullable: true,
                oldClrType: typeof(double),
                oldType: "double precision");

            migrationBuilder.AlterColumn<string>(
                name: "PrincipleId",
                table: "comparisons",
                type: "text",
                nullable: true,
                collation: "C",
                oldClrType: typeof(string),
                oldType: "text",
                oldCollation: "C");

            migrationBuilder.AlterColumn<string>(
                name: "JudgeVersion",
                table: "comparisons",
                type: "text",
                nullable: true,
                collation: "C",
                oldClrType: typeof(string),
                oldType: "text",
                oldCollation: "C");

            migrationBuilder.AddColumn<string>(
                name: "LabellerId",
                table: "comparisons",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.CreateTable(
                name: "comparison_pairs",
                columns: table => new
                {
                    PairId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PromptId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ResponseAId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ResponseBId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Position = table.Column<int>(type: "integer", nullable: false),
                    Copies = table.Column<int>(type: "integer", nullable: false),
                    Taken = table.Column<int>(type: "integer", nullable: false),
                    State = table.Column<string>(type: "text", nullable: false),
                    Priority = table.Column<double>(type: "double precision", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_comparison_pairs", x => x.PairId);
                });

            migrationBuilder.CreateTable(
                name: "credentials",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    LabellerId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Kind = table.Column<string>(type: "text", nullable: false),
                    CreatedUnixMs = table.Column<long>(type: "bigint", nullable: false),
                    ExpiresUnixMs = table.Column<long>(type: "bigint", nullable: true),
                    EndedUnixMs = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_credentials", x => x.Hash);
                });

            migrationBuilder.CreateTable(
                name: "guidelines",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Text = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_guidelines", x => x.Hash);
                });

            migrationBuilder.CreateTable(
                name: "labellers",
                columns: table => new
                {
                    LabellerId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Role = table.Column<string>(type: "text", nullable: false),
                    IsProgram = table.Column<bool>(type: "boolean", nullable: false),
                    CreatedBy = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    CreatedUnixMs = table.Column<long>(type: "bigint", nullable: false),
                    RevokedUnixMs = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_labellers", x => x.LabellerId);
                });

            migrationBuilder.CreateTable(
                name: "labellings",
                columns: table => new
                {
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Seed = table.Column<long>(type: "bigint", nullable: false),
                    Wanted = table.Column<int>(type: "integer", nullable: false),
                    LeaseSeconds = table.Column<int>(type: "integer", nullable: false),
                    RepeatShare = table.Column<double>(type: "double precision", nullable: false),
                    PrefersUncertain = table.Column<bool>(type: "boolean", nullable: false),
                    OpenedUnixMs = table.Column<long>(type: "bigint", nullable: false),
                    Done = table.Column<int>(type: "integer", nullable: false),
                    Flagged = table.Column<int>(type: "integer", nullable: false),
                    Labels = table.Column<long>(type: "bigint", nullable: false),
                    State = table.Column<string>(type: "text", nullable: false),
                    EndedBy = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_labellings", x => new { x.RunId, x.Stage });
                });

            migrationBuilder.CreateTable(
                name: "labels",
                columns: table => new
                {
                    LeaseId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PairId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Number = table.Column<long>(type: "bigint", nullable: false),
                    PromptId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    LabellerId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    IsProgram = table.Column<bool>(type: "boolean", nullable: false),
                    IsAFirst = table.Column<bool>(type: "boolean", nullable: false),
                    Verdict = table.Column<string>(type: "text", nullable: false),
                    Strength = table.Column<int>(type: "integer", nullable: false),
                    Reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PreferenceA = table.Column<double>(type: "double precision", nullable: true),
                    IsRepeat = table.Column<bool>(type: "boolean", nullable: false),
                    IsCounted = table.Column<bool>(type: "boolean", nullable: false),
                    ElapsedMs = table.Column<long>(type: "bigint", nullable: false),
                    GivenUnixMs = table.Column<long>(type: "bigint", nullable: false),
                    SubmittedUnixMs = table.Column<long>(type: "bigint", nullable: false),
                    GuidelinesHash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    UndoneUnixMs = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_labels", x => x.LeaseId);
                });

            migrationBuilder.CreateTable(
                name: "leases",
                columns: table => new
                {
                    LeaseId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PairId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RunId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Stage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    LabellerId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    IsAFirst = table.Column<bool>(type: "boolean", nullable: false),
                    IsRepeat = table.Column<bool>(type: "boolean", nullable: false),
                    GuidelinesHash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ReplacesLeaseId = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    GivenUnixMs = table.Column<long>(type: "bigint", nullable: false),
                    ExpiresUnixMs = table.Column<long>(type: "bigint", nullable: false),
                    State = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_leases", x => x.LeaseId);
                });

            migrationBuilder.CreateIndex(
                name: "IX_responses_RunId_PromptId",
                table: "responses",
                columns: new[] { "RunId", "PromptId" });

            migrationBuilder.CreateIndex(
                name: "IX_comparisons_RunId_PromptId",
                table: "comparisons",
                columns: new[] { "RunId", "PromptId" });

            migrationBuilder.CreateIndex(
                name: "IX_comparisons_RunId_Stage_PromptId",
                table: "comparisons",
                columns: new[] { "RunId", "Stage", "PromptId" });

            migrationBuilder.CreateIndex(
                name: "IX_comparison_pairs_RunId_Stage_PromptId",
                table: "comparison_pairs",
                columns: new[] { "RunId", "Stage", "PromptId" });

            migrationBuilder.CreateIndex(
                name: "IX_comparison_pairs_RunId_Stage_State_Priority_Position",
                table: "comparison_pairs",
                columns: new[] { "RunId", "Stage", "State", "Priority", "Position" });

            migrationBuilder.CreateIndex(
                name: "IX_credentials_LabellerId",
                table: "credentials",
                column: "LabellerId");

            migrationBuilder.CreateIndex(
                name: "IX_labels_RunId_Stage_LabellerId_Number",
                table: "labels",
                columns: new[] { "RunId", "Stage", "LabellerId", "Number" });

            migrationBuilder.CreateIndex(
                name: "IX_leases_PairId_LabellerId",
                table: "leases",
                columns: new[] { "PairId", "LabellerId" });

            migrationBuilder.CreateIndex(
                name: "IX_leases_RunId_Stage_LabellerId_State",
                table: "leases",
                columns: new[] { "RunId", "Stage", "LabellerId", "State" });

            migrationBuilder.CreateIndex(
                name: "IX_leases_RunId_Stage_State_ExpiresUnixMs",
                table: "leases",
                columns: new[] { "RunId", "Stage", "State", "ExpiresUnixMs" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "comparison_pairs");

            migrationBuilder.DropTable(
                name: "credentials");

            migrationBuilder.DropTable(
                name: "guidelines");

            migrationBuilder.DropTable(
                name: "labellers");

            migrationBuilder.DropTable(
                name: "labellings");

            migrationBuilder.DropTable(
                name: "labels");

            migrationBuilder.DropTable(
                name: "leases");

            migrationBuilder.DropIndex(
                name: "IX_responses_RunId_PromptId",
                table: "responses");

            migrationBuilder.DropIndex(
                name: "IX_comparisons_RunId_PromptId",
                table: "comparisons");

            migrationBuilder.DropIndex(
                name: "IX_comparisons_RunId_Stage_PromptId",
                table: "comparisons");

            migrationBuilder.DropColumn(
                name: "LabellerId",
                table: "comparisons");

            migrationBuilder.AlterColumn<string>(
                name: "TemplateHash",
                table: "comparisons",
                type: "text",
                nullable: false,
                defaultValue: "",
                collation: "C",
                oldClrType: typeof(string),
                oldType: "text",
                oldNullable: true,
                oldCollation: "C");

            migrationBuilder.AlterColumn<long>(
                name: "Seed",
                table: "comparisons",
                type: "bigint",
                nullable: false,
                defaultValue: 0L,
                oldClrType: typeof(long),
                oldType: "bigint",
                oldNullable: true);

            migrationBuilder.AlterColumn<bool>(
                name: "SamePosition",
                table: "comparisons",
                type: "boolean",
                nullable: false,
                defaultValue: false,
                oldClrType: typeof(bool),
                oldType: "boolean",
                oldNullable: true);

            migrationBuilder.AlterColumn<double>(
                name: "ProbabilityASecond",
                table: "comparisons",
                type: "double precision",
                nullable: false,
                defaultValue: 0.0,
                oldClrType: typeof(double),
                oldType: "double precision",
                oldNullable: true);

            migrationBuilder.AlterColumn<double>(
                name: "ProbabilityAFirst",
                table: "comparisons",
                type: "double precision",
                nullable: false,
                defaultValue: 0.0,
                oldClrType: typeof(double),
                oldType: "double precision",
                oldNullable: true);

            migrationBuilder.AlterColumn<string>(
                name: "PrincipleId",
                table: "comparisons",
                type: "text",
                nullable: false,
                defaultValue: "",
                collation: "C",
                oldClrType: typeof(string),
                oldType: "text",
                oldNullable: true,
                oldCollation: "C");

            migrationBuilder.AlterColumn<string>(
                name: "JudgeVersion",
                table: "comparisons",
                type: "text",
                nullable: false,
                defaultValue: "",
                collation: "C",
                oldClrType: typeof(string),
                oldType: "text",
                oldNullable: true,
                oldCollation: "C");

            migrationBuilder.CreateIndex(
                name: "IX_comparisons_RunId_Stage",
                table: "comparisons",
                columns: new[] { "RunId", "Stage" });
        }
    }
}
