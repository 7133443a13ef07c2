using Rlhf.Generator;
using Rlhf.ServiceDefaults;

return await ServiceHost.RunAsync(args, GeneratorServer.Configure, GeneratorServer.Map);
