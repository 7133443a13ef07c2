CREATE TABLE "comparisons" (
    "MessageId" TEXT NOT NULL CONSTRAINT "PK_comparisons" PRIMARY KEY,
    "RunId" TEXT NOT NULL,
    "Stage" TEXT NOT NULL,
    "PromptId" TEXT NOT NULL,
    "ResponseAId" TEXT NOT NULL,
    "ResponseBId" TEXT NOT NULL,
    "PreferenceA" REAL NOT NULL,
    "ProbabilityAFirst" REAL NOT NULL,
    "ProbabilityASecond" REAL NOT NULL,
    "SamePosition" INTEGER NOT NULL,
    "PrincipleId" TEXT NOT NULL,
    "JudgeVersion" TEXT NOT NULL,
    "TemplateHash" TEXT NOT NULL,
    "Seed" INTEGER NOT NULL
);


CREATE TABLE "prompts" (
    "RunId" TEXT NOT NULL,
    "PromptId" TEXT NOT NULL,
    "Position" INTEGER NOT NULL,
    "Kind" TEXT NOT NULL,
    "IsEvaluation" INTEGER NOT NULL,
    "Turns" TEXT NOT NULL,
    CONSTRAINT "PK_prompts" PRIMARY KEY ("RunId", "PromptId")
);


CREATE TABLE "ratings" (
    "RunId" TEXT NOT NULL,
    "ResponseId" TEXT NOT NULL,
    "PromptId" TEXT NOT NULL,
    "Elo" REAL NOT NULL,
    "BradleyTerry" REAL NOT NULL,
    "Comparisons" INTEGER NOT NULL,
    CONSTRAINT "PK_ratings" PRIMARY KEY ("RunId", "ResponseId")
);


CREATE TABLE "receipts" (
    "Key" TEXT NOT NULL CONSTRAINT "PK_receipts" PRIMARY KEY,
    "MessageId" TEXT NOT NULL,
    "RunId" TEXT NOT NULL,
    "Stage" TEXT NOT NULL,
    "IsFinal" INTEGER NOT NULL,
    "Error" TEXT NULL
);


CREATE TABLE "responses" (
    "ResponseId" TEXT NOT NULL CONSTRAINT "PK_responses" PRIMARY KEY,
    "RunId" TEXT NOT NULL,
    "Stage" TEXT NOT NULL,
    "Step" INTEGER NOT NULL,
    "PromptId" TEXT NOT NULL,
    "PolicyVersion" TEXT NOT NULL,
    "Text" TEXT NOT NULL,
    "TokenCount" INTEGER NOT NULL,
    "IsFinished" INTEGER NULL,
    "Seed" INTEGER NOT NULL
);


CREATE TABLE "revision_rounds" (
    "MessageId" TEXT NOT NULL,
    "Round" INTEGER NOT NULL,
    "RunId" TEXT NOT NULL,
    "Stage" TEXT NOT NULL,
    "PromptId" TEXT NOT NULL,
    "PrincipleId" TEXT NOT NULL,
    "Critique" TEXT NOT NULL,
    "Revision" TEXT NOT NULL,
    "Harmlessness" REAL NOT NULL,
    "ConstitutionHash" TEXT NOT NULL,
    CONSTRAINT "PK_revision_rounds" PRIMARY KEY ("MessageId", "Round")
);


CREATE TABLE "runs" (
    "RunId" TEXT NOT NULL CONSTRAINT "PK_runs" PRIMARY KEY,
    "Name" TEXT NOT NULL,
    "Seed" INTEGER NOT NULL,
    "Definition" TEXT NOT NULL,
    "Status" TEXT NOT NULL,
    "Error" TEXT NULL,
    "CreatedUnixMs" INTEGER NOT NULL,
    "Seconds" REAL NOT NULL,
    "PromptReport" TEXT NOT NULL
);


CREATE TABLE "scores" (
    "ResponseId" TEXT NOT NULL,
    "RewardModelVersion" TEXT NOT NULL,
    "RunId" TEXT NOT NULL,
    "Raw" REAL NOT NULL,
    "Normalised" REAL NOT NULL,
    "Rating" REAL NOT NULL,
    CONSTRAINT "PK_scores" PRIMARY KEY ("ResponseId", "RewardModelVersion")
);


CREATE TABLE "stages" (
    "RunId" TEXT NOT NULL,
    "Name" TEXT NOT NULL,
    "Position" INTEGER NOT NULL,
    "Status" TEXT NOT NULL,
    "Done" INTEGER NOT NULL,
    "Wanted" INTEGER NOT NULL,
    "Refused" INTEGER NOT NULL,
    "RefusedByReason" TEXT NOT NULL,
    "Seconds" REAL NOT NULL,
    "Unit" TEXT NOT NULL,
    "Detail" TEXT NOT NULL,
    "PublishedVersion" TEXT NULL,
    "Results" TEXT NOT NULL,
    "FailedAttempts" INTEGER NOT NULL,
    CONSTRAINT "PK_stages" PRIMARY KEY ("RunId", "Name")
);


CREATE TABLE "step_metrics" (
    "RunId" TEXT NOT NULL,
    "Stage" TEXT NOT NULL,
    "Step" INTEGER NOT NULL,
    "Name" TEXT NOT NULL,
    "Value" REAL NOT NULL,
    CONSTRAINT "PK_step_metrics" PRIMARY KEY ("RunId", "Stage", "Step", "Name")
);


CREATE TABLE "versions" (
    "VersionId" TEXT NOT NULL CONSTRAINT "PK_versions" PRIMARY KEY,
    "RunId" TEXT NOT NULL,
    "Kind" TEXT NOT NULL,
    "BaseVersionId" TEXT NOT NULL,
    "Method" TEXT NOT NULL,
    "Step" INTEGER NOT NULL,
    "Seed" INTEGER NOT NULL,
    "OptionsJson" TEXT NOT NULL,
    "SoftwareVersion" TEXT NOT NULL,
    "CreatedUnixMs" INTEGER NOT NULL
);


CREATE INDEX "IX_comparisons_RunId_Stage" ON "comparisons" ("RunId", "Stage");


CREATE INDEX "IX_receipts_RunId_Stage" ON "receipts" ("RunId", "Stage");


CREATE INDEX "IX_responses_RunId_Stage" ON "responses" ("RunId", "Stage");


CREATE INDEX "IX_revision_rounds_RunId_Stage" ON "revision_rounds" ("RunId", "Stage");


CREATE INDEX "IX_scores_RunId" ON "scores" ("RunId");


