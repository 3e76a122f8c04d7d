using System.Text.RegularExpressions;
using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>
/// Gives each layer its own name: the module that owns the weights (<c>layer1.0.conv1.weight</c> gives <c>layer1.0.conv1</c>), else the
/// scope in the node's name (<c>/layer1/layer1.0/relu/Relu</c> gives <c>layer1.0.relu</c>), else the operation.
/// </summary>
internal sealed partial class LayerNames
{
    private const int MaxLength = 200;
    private static readonly string[] Suffixes = [".weight", ".bias"];
    private readonly HashSet<string> _used = [NetworkGraph.InputName];
    private readonly Dictionary<string, int> _repeats = [];

    /// <summary>The name of the layer that <paramref name="node"/> becomes.</summary>
    /// <param name="node">The node.</param>
    /// <param name="parameter">Name of its weight or bias, or null if it has none.</param>
    public string For(OnnxNode node, string? parameter)
    {
        var suffix = Array.Find(Suffixes, suffix => parameter?.EndsWith(suffix, StringComparison.Ordinal) == true);
        if (suffix is not null) return Unique(parameter![..^suffix.Length]);
        var parts = node.Name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return Unique(parts.Length switch
        {
            0 => node.Operation.ToLowerInvariant(),
            1 => parts[0],
            _ => Scope(parts, node.Operation, parameter is not null),
        });
    }

    /// <summary><paramref name="wanted"/>, with a number behind it if it is taken.</summary>
    public string Unique(string wanted)
    {
        var name = Illegal().Replace(wanted.Length > MaxLength ? wanted[..MaxLength] : wanted, "_");
        if (name.Length == 0) name = "layer";
        if (_used.Add(name)) return name;
        var number = _repeats.GetValueOrDefault(name, 1);
        do number++;
        while (!_used.Add($"{name}_{number}"));
        _repeats[name] = number;
        return $"{name}_{number}";
    }

    // The last part is the operation, which a module's name need not repeat.
    private static string Scope(string[] parts, string operation, bool hasWeights)
    {
        var scope = parts[..^1].Aggregate(Join);
        var module = scope[(scope.LastIndexOf('.') + 1)..];
        var isNamed = hasWeights || module.StartsWith(operation, StringComparison.OrdinalIgnoreCase);
        return isNamed ? scope : $"{scope}.{parts[^1].ToLowerInvariant()}";
    }

    // A part may repeat what leads to it: conv1 in layer1.0 is layer1.0.conv1, but layer1.0 in layer1 is layer1.0.
    private static string Join(string scope, string part)
    {
        for (var start = 0; start >= 0 && start < scope.Length; start = scope.IndexOf('.', start) + 1)
        {
            if (part.StartsWith(scope[start..] + ".", StringComparison.Ordinal)) return scope[..start] + part;
            if (scope.IndexOf('.', start) < 0) break;
        }

        return $"{scope}.{part}";
    }

    [GeneratedRegex(@"[^\p{L}\p{N}._-]")]
    private static partial Regex Illegal();
}
