using System.CommandLine;
using Dst.Cli.Usage;

namespace Dst.Cli.Commands;

/// <summary><c>dst data</c>: verbs about data sets.</summary>
internal static class DataCommand
{
    /// <summary>Creates the verb and its sub-verbs.</summary>
    public static Command Create() =>
        new Verb("data", "Looks at data sets, or makes one.", "data inspect recipes/quickstart.yaml")
        {
            DataInspectCommand.Create(),
            DataSimulateCommand.Create(),
        };
}
