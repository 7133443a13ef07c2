using Rlhf.TrainingProcess;

return await TrainingHost.RunAsync(args);
