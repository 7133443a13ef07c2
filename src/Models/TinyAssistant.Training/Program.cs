using Rlhf.TinyAssistant.Training;

return CommandLine.Create().Parse(args).Invoke();
