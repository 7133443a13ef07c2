using Rlhf.AppHost.Local;
using Rlhf.Tests;

namespace Rlhf.AppHost.Tests.Local;

internal sealed class SampleProject : IProjectMetadata
{
    public string ProjectPath => SampleServiceFiles.Project;

    public string AssemblyPath => SampleServiceFiles.Assembly;
}
