using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

public sealed class LearningTests
{
    [Fact]
    public void A_model_learns_to_name_the_token_behind_a_mark_anywhere_in_its_prompt()
    {
        // [noise … mark x noise … ask] and then x: nothing but attention can answer it.
        const int Mark = 59, Ask = 60;
        using var model = Reference.Tiny();
        model.SetTrainable(true);
        using var optimizer = optim.AdamW(model.Parameters.Values, lr: 1e-2);
        var random = new Random(4);
        var correct = 0;
        for (var step = 0; step < 400; step++)
        {
            using var scope = NewDisposeScope();
            var rows = Enumerable.Range(0, 32).Select(_ =>
            {
                int[] row = [.. Enumerable.Range(0, 11).Select(_ => random.Next(20)), Ask];
                row[random.Next(10)] = Mark;
                return row;
            }).ToList();
            using var tokens = new TokenBatch(rows);
            var answers = tensor(rows.Select(r => (long)r[Array.IndexOf(r, Mark) + 1]).ToArray()); // [B]
            var logits = model.Logits(tokens.LastOf(model.Hidden(tokens.Ids))); // [B, V]
            optimizer.zero_grad();
            nn.functional.cross_entropy(logits, answers).backward();
            optimizer.step();
            correct = (int)logits.argmax(-1).eq(answers).sum().item<long>();
        }

        Assert.True(correct >= 30, $"{correct} of 32 right");
    }
}
