using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Graph;
using Dst.Quantisation;
using Dst.Report;
using Dst.Report.Models;
using Dst.Runtime.Inference;

namespace Dst.Cli.Commands;

/// <summary><c>dst inspect</c>: what is in a model file.</summary>
internal static class InspectCommand
{
    private static readonly Option<bool> Plan = new("--plan")
    {
        Description = "Shows which form of each convolution is the fastest on this machine (batch 1, one thread), "
            + "the other forms, and why.",
    };

    private static readonly Option<bool> Nodes = new("--nodes")
    {
        Description = "Shows every node of the network, with its operation, output and inputs. Options such as --embedding take these "
            + "names.",
    };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "inspect",
            "Shows what is in a model file: the network, its classes and input normalisation, and the weights, "
                + "mask and cost of each layer.",
            "inspect models/cifar100-resnet20-kd-seed1/student-kd.safetensors",
            "inspect runs/latest/dst.safetensors --plan",
            "inspect runs/latest/dst.safetensors --nodes",
            "inspect runs/latest/dst.safetensors --json")
        {
            SharedOptions.Model,
            Nodes,
            Plan,
            SharedOptions.NoTune,
            SharedOptions.NoCache,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        CheckOptions(call.Arguments);
        var path = call.Arguments.GetRequiredValue(SharedOptions.Model);
        var model = Model.Load(path);
        var (cost, size, board) = (NetworkCost.Of(model.Graph, model.Masks), StoreSize.Of(model, path), BoardNeed.Of(model));
        var layers = LayerRow.AllOf(model);
        var nodes = call.Arguments.GetValue(Nodes) ? NodeRow.AllOf(model) : null;
        var plan = call.Arguments.GetValue(Plan) ? DecisionsOf(model, call) : null;
        var document = new
        {
            File = path,
            size.FileBytes,
            size.DenseFileBytes,
            size.MaskBytes,
            Network = model.Graph.Name,
            Input = model.Graph.Input.ToString(),
            cost.Weights,
            Nonzero = cost.Nonzeros,
            model.Int8,
            cost.Macs,
            cost.EffectiveMacs,
            model.ClassNames,
            model.Outputs,
            model.Normalisation,
            Board = board,
            Layers = layers,
            Nodes = nodes,
            Plan = plan,
        };
        var summary = Summarise(path, model, cost, size, board, layers.Count);
        List<Block> blocks = [summary, LayerTable.Of(layers)];
        if (nodes is not null) blocks.Add(NodeTable.Of(nodes));
        if (plan is not null) blocks.Add(PlanTable.Of(plan));
        call.Report.Write(new(document, [.. blocks]));
    }

    private static Lines Summarise(string path, Model model, NetworkCost cost, StoreSize size, BoardNeed board, int layers) => new(
    [
        $"{path}: {model.Graph.Name}, input {model.Graph.Input}",
        $"file     {size}",
        $"weights  {Format.Count(cost.Weights)}, of which {Format.Count(cost.Nonzeros)} are kept",
        $"type     {Describe(model.Int8, layers)}",
        $"MACs     {Format.Count(cost.Macs)} an image, of which {Format.Count(cost.EffectiveMacs)} are kept",
        $"classes  {(model.ClassNames.Count == 0 ? "without names" : string.Join(", ", model.ClassNames))}",
        $"outputs  {model.DescribeOutputs()}",
        $"input    {Describe(model.Normalisation)}",
        $"board    {board}",
        .. UnreadOf(model),
    ]);

    private static IEnumerable<string> UnreadOf(Model model)
    {
        string[] layers = [.. UnreadChannels.Describe(model, UnreadChannels.Remove(model))];
        if (layers.Length > 0) layers[^1] += $"; {ProgramName.Value} export --format safetensors leaves them out";
        return layers.Select((layer, i) => $"{(i == 0 ? "unread" : ""),-9}{layer}");
    }

    private static void CheckOptions(ParseResult arguments)
    {
        if (!arguments.GetValue(Plan) && arguments.FirstGiven(SharedOptions.NoTune, SharedOptions.NoCache) is { } vain)
            throw new InputException($"option {vain.Name} goes with {Plan.Name}, which was expected too");
    }

    private static IReadOnlyList<LayerDecision> DecisionsOf(Model model, Invocation call)
    {
        using var plan = InferencePlan.Compile(
            model, new() { Tier = call.Tier, Tune = !call.Arguments.GetValue(SharedOptions.NoTune), Cache = SharedOptions.CacheOf(call) });
        return plan.Decisions;
    }

    private static string Describe(Int8Scales? int8, int layers) => int8 is null ? "floats"
        : $"8-bit integers: {int8.Filters.Count} of {layers} layers with weights, {Phrases.Count(int8.Values.Count, "scale")} of values";

    private static string Describe(InputNormalisation? input)
    {
        if (input is null) return "used as it is";
        var resize = input.Resize.IsNone ? "" : $"{input.DescribeResize()}, ";
        var amplitude = input.Amplitude == AmplitudeTransform.None ? "" : $"{EnumWords.Of(input.Amplitude)} of the amplitude, ";
        var smooth = input.Smooth ? "smoothed, " : "";
        var scale = input.PerImage
            ? "less its own mean, divided by its own deviation"
            : $"less {string.Join(", ", input.Mean)}, divided by {string.Join(", ", input.Deviation)}";
        return $"{resize}{amplitude}{smooth}{scale}";
    }
}
