using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Rlhf.Coordinator.Ledger.Migrations.Sqlite
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
                type: "TEXT",
                nullable: true,
                oldClrType: typeof(string),
                oldType: "TEXT");

            migrationBuilder.AlterColumn<long>(
                name: "Seed",
                table: "comparisons",
                type: "INTEGER",
                nullable: true,
                oldClrType: typeof(long),
                oldType: "INTEGER");

            migrationBuilder.AlterColumn<bool>(
                name: "SamePosition",
                table: "comparisons",
                type: "INTEGER",
                nullable: true,
                oldClrType: typeof(bool),
                oldType: "INTEGER");

            migrationBuilder.AlterColumn<double>(
                name: "ProbabilityASecond",
                table: "comparisons",
                type: "REAL",
                nullable: true,
                oldClrType: typeof(double),
                oldType: "REAL");

            migrationBuilder.AlterColumn<double>(
                name: "ProbabilityAFirst",
                table: "comparisons",
                type: "REAL",
                nullable: true,
                oldClrType: typeof(double),
                oldType: "REAL");

            migrationBuilder.AlterColumn<string>(
                name: "PrincipleId",
                table: "comparisons",
                type: "TEXT",
                nullable: true,
                oldClrType: typeof(string),
                oldType: "TEXT");

            migrationBuilder.AlterColumn<string>(
                name: "JudgeVersion",
                table: "comparisons",
                type: "TEXT",
                nullable: true,
                oldClrType: typeof(string),
                oldType: "TEXT");

            migrationBuilder.AddColumn<string>(
                name: "LabellerId",
                table: "comparisons",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "comparison_pairs",
                columns: table => new
                {
                    PairId = table.Column<string>(type: "TEXT", nullable: false),
                    RunId = table.Column<string>(type: "TEXT", nullable: false),
                    Stage = table.Column<string>(type: "TEXT", nullable: false),
                    PromptId = table.Column<string>(type: "TEXT", nullable: false),
                    ResponseAId = table.Column<string>(type: "TEXT", nullable: false),
                    ResponseBId = table.Column<string>(type: "TEXT", nullable: false),
                    Position = table.Column<int>(type: "INTEGER", nullable: false),
                    Copies = table.Column<int>(type: "INTEGER", nullable: false),
                    Taken = table.Column<int>(type: "INTEGER", nullable: false),
                    State = table.Column<string>(type: "TEXT", nullable: false),
                    Priority = table.Column<double>(type: "REAL", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_comparison_pairs", x => x.PairId);
                });

            migrationBuilder.CreateTable(
                name: "credentials",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    LabellerId = table.Column<string>(type: "TEXT", nullable: false),
                    Kind = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedUnixMs = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresUnixMs = table.Column<long>(type: "INTEGER", nullable: true),
                    EndedUnixMs = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_credentials", x => x.Hash);
                });

            migrationBuilder.CreateTable(
                name: "guidelines",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    Text = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_guidelines", x => x.Hash);
                });

            migrationBuilder.CreateTable(
                name: "labellers",
                columns: table => new
                {
                    LabellerId = table.Column<string>(type: "TEXT", nullable: false),
                    Role = table.Column<string>(type: "TEXT", nullable: false),
                    IsProgram = table.Column<bool>(type: "INTEGER", nullable: false),
                    CreatedBy = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedUnixMs = table.Column<long>(type: "INTEGER", nullable: false),
                    RevokedUnixMs = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_labellers", x => x.LabellerId);
                });

            migrationBuilder.CreateTable(
                name: "labellings",
                columns: table => new
                {
                    RunId = table.Column<string>(type: "TEXT", nullable: false),
                    Stage = table.Column<string>(type: "TEXT", nullable: false),
                    Seed = table.Column<long>(type: "INTEGER", nullable: false),
                    Wanted = table.Column<int>(type: "INTEGER", nullable: false),
                    LeaseSeconds = table.Column<int>(type: "INTEGER", nullable: false),
                    RepeatShare = table.Column<double>(type: "REAL", nullable: false),
                    PrefersUncertain = table.Column<bool>(type: "INTEGER", nullable: false),
                    OpenedUnixMs = table.Column<long>(type: "INTEGER", nullable: false),
                    Done = table.Column<int>(type: "INTEGER", nullable: false),
                    Flagged = table.Column<int>(type: "INTEGER", nullable: false),
                    Labels = table.Column<long>(type: "INTEGER", nullable: false),
                    State = table.Column<string>(type: "TEXT", nullable: false),
                    EndedBy = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_labellings", x => new { x.RunId, x.Stage });
                });

            migrationBuilder.CreateTable(
                name: "labels",
                columns: table => new
                {
                    LeaseId = table.Column<string>(type: "TEXT", nullable: false),
                    PairId = table.Column<string>(type: "TEXT", nullable: false),
                    RunId = table.Column<string>(type: "TEXT", nullable: false),
                    Stage = table.Column<string>(type: "TEXT", nullable: false),
                    Number = table.Column<long>(type: "INTEGER", nullable: false),
                    PromptId = table.Column<string>(type: "TEXT", nullable: false),
                    LabellerId = table.Column<string>(type: "TEXT", nullable: false),
                    IsProgram = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsAFirst = table.Column<bool>(type: "INTEGER", nullable: false),
                    Verdict = table.Column<string>(type: "TEXT", nullable: false),
                    Strength = table.Column<int>(type: "INTEGER", nullable: false),
                    Reason = table.Column<string>(type: "TEXT", nullable: false),
                    PreferenceA = table.Column<double>(type: "REAL", nullable: true),
                    IsRepeat = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsCounted = table.Column<bool>(type: "INTEGER", nullable: false),
                    ElapsedMs = table.Column<long>(type: "INTEGER", nullable: false),
                    GivenUnixMs = table.Column<long>(type: "INTEGER", nullable: false),
                    SubmittedUnixMs = table.Column<long>(type: "INTEGER", nullable: false),
                    GuidelinesHash = table.Column<string>(type: "TEXT", nullable: false),
                    UndoneUnixMs = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_labels", x => x.LeaseId);
                });

            migrationBuilder.CreateTable(
                name: "leases",
                columns: table => new
                {
                    LeaseId = table.Column<string>(type: "TEXT", nullable: false),
                    PairId = table.Column<string>(type: "TEXT", nullable: false),
                    RunId = table.Column<string>(type: "TEXT", nullable: false),
                    Stage = table.Column<string>(type: "TEXT", nullable: false),
                    LabellerId = table.Column<string>(type: "TEXT", nullable: false),
                    IsAFirst = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsRepeat = table.Column<bool>(type: "INTEGER", nullable: false),
                    GuidelinesHash = table.Column<string>(type: "TEXT", nullable: false),
                    ReplacesLeaseId = table.Column<string>(type: "TEXT", nullable: true),
                    GivenUnixMs = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresUnixMs = table.Column<long>(type: "INTEGER", nullable: false),
                    State = table.Column<string>(type: "TEXT", nullable: false)
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
                type: "TEXT",
                nullable: false,
                defaultValue: "",
                oldClrType: typeof(string),
                oldType: "TEXT",
                oldNullable: true);

            migrationBuilder.AlterColumn<long>(
                name: "Seed",
                table: "comparisons",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L,
                oldClrType: typeof(long),
                oldType: "INTEGER",
                oldNullable: true);

            migrationBuilder.AlterColumn<bool>(
                name: "SamePosition",
                table: "comparisons",
                type: "INTEGER",
                nullable: false,
                defaultValue: false,
                oldClrType: typeof(bool),
                oldType: "INTEGER",
                oldNullable: true);

            migrationBuilder.AlterColumn<double>(
                name: "ProbabilityASecond",
                table: "comparisons",
                type: "REAL",
                nullable: false,
                defaultValue: 0.0,
                oldClrType: typeof(double),
                oldType: "REAL",
                oldNullable: true);

            migrationBuilder.AlterColumn<double>(
                name: "ProbabilityAFirst",
                table: "comparisons",
                type: "REAL",
                nullable: false,
                defaultValue: 0.0,
                oldClrType: typeof(double),
                oldType: "REAL",
                oldNullable: true);

            migrationBuilder.AlterColumn<string>(
                name: "PrincipleId",
                table: "comparisons",
                type: "TEXT",
                nullable: false,
                defaultValue: "",
                oldClrType: typeof(string),
                oldType: "TEXT",
                oldNullable: true);

            migrationBuilder.AlterColumn<string>(
                name: "JudgeVersion",
                table: "comparisons",
                type: "TEXT",
                nullable: false,
                defaultValue: "",
                oldClrType: typeof(string),
                oldType: "TEXT",
                oldNullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_comparisons_RunId_Stage",
                table: "comparisons",
                columns: new[] { "RunId", "Stage" });
        }
    }
}
