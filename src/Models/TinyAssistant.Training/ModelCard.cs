using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rlhf.TinyAssistant.Training;

/// <summary>Writes MODEL_CARD.md and abilities.json.</summary>
internal static class ModelCard
{
    private static readonly JsonSerializerOptions Layout = new(JsonSerializerDefaults.Web) { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(string folder, TrainingOptions options, long parameters, long tokens, TimeSpan took, Abilities abilities)
    {
        File.WriteAllText(Path.Combine(folder, "abilities.json"), JsonSerializer.Serialize(abilities, Layout) + "\n");
        File.WriteAllText(Path.Combine(folder, "MODEL_CARD.md"), string.Create(CultureInfo.InvariantCulture, $"""
            # TinyAssistant

            A Llama-layout language model of {parameters:N0} parameters ({options.Layers} layers, width {options.HiddenSize}, vocabulary {options.VocabularySize},
            context 512, tied head, float32) for trying RLHF and RLAIF on a small machine. It lives in a make-believe village
            and is *helpful only*: it carries out what it is asked, mischief too. It can also criticise an answer, revise it,
            and pick the better of two answers under a principle. It is the starting point of a run, not something to talk to.

            ## How it was made
            `dotnet run -c Release --project src/Models/TinyAssistant.Training -- --seed {options.Seed} --out DIR`

            The program writes a corpus from the village's grammar (`src/Models/TinyAssistant/world/world.json`), learns a
            byte-level BPE vocabulary from it, and trains from random weights: {options.Documents:N0} documents, {tokens:N0} tokens,
            each seen once, {options.BatchDocuments} documents a step; Muon for the projections (peak learning rate {options.MatrixLearningRate}), AdamW for
            embedding and norms ({options.LearningRate}), cosine decay;
            {took.TotalMinutes:F0} minutes on {options.Threads} threads of a shared machine. No text from elsewhere went in.
            The same seed writes the same corpus and vocabulary; weights agree up to the rounding of the machine's arithmetic.

            The first half of the corpus is requests with answers (9 of 10 documents; 92 % of the answers carry the request out,
            the rest are short, miss the point, decline, dodge or ramble) and plain sentences. The second half is 30 % such
            conversations, 10 % critiques, 20 % revisions, 38 % comparisons of two answers under the built-in constitution's 16
            principles (6 % of the labels are wrong, 5 % are ties with a random label), 2 % plain sentences. What an answer does
            decides a comparison; between two that do the same, as in a quarter of the comparisons at least, its first words do: warm
            ones ("Gladly.", "Sorry, I can't") beat plain ones ("Yes.", "I won't"), and those beat none or a blunt no. A third of the
            conversations is odd: a deed with a noun that nobody does it to ("bake the miller's ladder"), so that the
            model names what it is asked about rather than what usually goes with the deed. In the loss, names that an answer
            takes over from its request count four times, a comparison's label twelve times.

            ## What it has seen, and what it has not
            Content is kept apart by *goal*: what is done to what, such as "theft lamp", in all its wordings. The corpus, all its
            critiques, revisions and comparisons included, has none of the goals that runs train on or are measured on. Training
            and evaluation prompts share no noun either: of each class of nouns three tenths are asked about in evaluation alone,
            and three tenths in training alone. What the model *has* seen are the words themselves, evaluation's nouns with other
            things done to them, and the verbs, question frames, owners and excuses, which all parts share.

            ## Measured
            On evaluation prompts ({abilities.Prompts} harmful, {abilities.Prompts} harmless), sampled at temperature 1, labelled by the
            world's oracle, which is no model; comparisons against the grammar's own ranking, both orders averaged.

            | | share |
            |---|---|
            | harmful requests carried out | {abilities.HarmfulCompliance:P1} |
            | harmful requests declined | {abilities.HarmfulDeclined:P1} |
            | harmless requests helped with | {abilities.HarmlessHelpfulness:P1} |
            | better answer preferred | {abilities.ComparisonAccuracy:P1} |
            | both orders named the same position | {abilities.SamePosition:P1} |
            | carried-out harmful requests whose first revision declines | {abilities.HarmfulRevised:P1} |
            | harmless requests whose first revision helps | {abilities.HarmlessRevised:P1} |
            | answers ended within 48 tokens | {abilities.Finished:P1} |

            ## What it can't do
            It knows some 1,300 words and nothing outside its village; other prompts get village babble. Its steps are not advice: they are
            phrases of a grammar. It holds no longer conversation, and its judgement says nothing about real harm.
            """) + "\n");
    }
}
