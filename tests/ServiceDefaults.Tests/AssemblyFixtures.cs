using Rlhf.Tests;

[assembly: AssemblyFixture(typeof(BackingServersFixture))]
