namespace Rlhf.AppHost.Local;

/// <summary>Where a service's project is. The build writes a class for each service.</summary>
internal interface IProjectMetadata
{
    /// <summary>The project file.</summary>
    string ProjectPath { get; }

    /// <summary>The assembly built from it.</summary>
    string AssemblyPath { get; }
}
