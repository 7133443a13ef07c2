namespace Rlhf.AppHost.Local;

/// <summary>Something the application model names.</summary>
internal interface IResource
{
    string Name { get; }
}
