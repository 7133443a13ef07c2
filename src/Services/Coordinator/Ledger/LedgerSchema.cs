using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Ledger;

/// <summary>The steps from one version of the tables to the next, the same for every database.</summary>
internal static class LedgerSchema
{
    /// <summary>Applies the migrations that the ledger has not had.</summary>
    /// <param name="context">The ledger.</param>
    /// <param name="ledger">What it is called in the error.</param>
    /// <exception cref="StartupException">It has had a migration that this program does not know.</exception>
    public static void MoveForward(LedgerContext context, string ledger)
    {
        // Asking a new database for its history would be logged as a failed command.
        context.GetService<IHistoryRepository>().CreateIfNotExists();
        var known = context.Database.GetMigrations().ToHashSet();
        if (context.Database.GetAppliedMigrations().FirstOrDefault(migration => !known.Contains(migration)) is { } unknown)
        {
            throw NewerThanThis(ledger, unknown);
        }

        context.Database.Migrate();
    }

    /// <summary>A ledger that a later version of this program has written.</summary>
    public static StartupException NewerThanThis(string ledger, string schema) => new(
        $"{ledger} was written by a newer version of this program (schema {schema}); use that version, or give this one a ledger of its own");
}
