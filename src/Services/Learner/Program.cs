using Rlhf.Learner;
using Rlhf.ServiceDefaults;

return await ServiceHost.RunAsync(args, LearnerServer.Configure, LearnerServer.Map);
