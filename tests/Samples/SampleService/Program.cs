using Rlhf.SampleService;
using Rlhf.ServiceDefaults;

return await ServiceHost.RunAsync(args, SampleServer.Configure, SampleServer.Map);
