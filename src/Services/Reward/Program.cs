using Rlhf.Reward;
using Rlhf.ServiceDefaults;

return await ServiceHost.RunAsync(args, RewardServer.Configure, RewardServer.Map);
