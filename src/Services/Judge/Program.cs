using Rlhf.Judge;
using Rlhf.ServiceDefaults;

return await ServiceHost.RunAsync(args, JudgeServer.Configure, JudgeServer.Map);
