using Dst.Cli.Usage;
using Dst.Graph;
using Dst.Report;
using Dst.Training.Networks;

namespace Dst.Cli.Commands;

/// <summary><c>dst networks</c>: the networks that can be trained, with their cost.</summary>
internal static class NetworksCommand
{
    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "networks",
            "Lists the networks that can be trained: teacher.arch and student.arch of a recipe. Weights and multiply-accumulates are for "
                + "the usual input and classes; other data changes them.",
            "networks",
            "networks --json")
        {
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        IReadOnlyList<Network> networks = [.. Zoo.Names.Select(NetworkOf)];
        call.Report.Write(new(networks, Table.Of(
            networks,
            new("arch", "network", network => network.Arch) { Alignment = Alignment.Left },
            new("input", "input", network => network.Input),
            new("classes", "classes", network => network.Classes),
            new("weights", "weights", network => network.Weights, network => Format.Count(network.Weights)),
            new("macs", "MACs", network => network.Macs, network => Format.Count(network.Macs))
            {
                Meaning = "multiply-accumulates of one image",
            })));
    }

    private static Network NetworkOf(string arch)
    {
        var (input, classes) = Zoo.UsualTask(arch);
        var cost = NetworkCost.Of(Zoo.Build(arch, input, classes));
        return new(arch, input.ToString(), classes, cost.Weights, cost.Macs);
    }

    private sealed record Network(string Arch, string Input, int Classes, long Weights, long Macs);
}
