// dotnet run --project src/Clients/Samples/RewardSample -- ADDRESS PROMPT ANSWER ANSWER …
using Rlhf.Clients.Reward;

using var client = new RewardClient(args[0]);
var answers = args[2..];
var results = await client.ScoreAsync(answers.Select(answer => RewardItem.Text(args[1], answer)), options: null, CancellationToken.None);
foreach (var (answer, result) in answers.Zip(results))
{
    Console.WriteLine(result.IsScored ? $"{result.Score.Normalised:F3} {answer}" : $"{result.Failure.Code}: {result.Failure.Message}");
}
