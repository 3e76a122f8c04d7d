using Dst.Graph;
using Dst.Runtime.Inference;

namespace Dst.Interop.CSource;

/// <summary>The files of a network's C source.</summary>
internal sealed class CSourceFiles
{
    private const int Images = 2;

    private const string NormaliseMeaning =
        "/* Normalises an image [CHANNELS][HEIGHT][WIDTH] of values from 0 to 1 in place, as the model was trained. */";

    private readonly Model _model;
    private readonly string _name;
    private readonly CNetwork _network;
    private readonly CProgram _program;
    private readonly CNormalisation _normalisation;

    /// <summary>Makes the source of a model, without its masks if <paramref name="dense"/>.</summary>
    /// <exception cref="InputException">C source cannot express one of its operations or numbers.</exception>
    public CSourceFiles(Model model, string name, bool dense = false)
    {
        (_model, _name) = (model, name);
        _network = new(model, dense);
        _program = COperations.Write(_network, name);
        _normalisation = new(model.Normalisation, model.Graph.Input);
    }

    /// <summary>Operations of an image.</summary>
    public int Operations => _network.Program.Nodes.Count;

    /// <summary>Shape of an image.</summary>
    public FeatureShape Input => _model.Graph.Input;

    /// <summary>Number of logits of an image.</summary>
    public int Outputs => (int)Output.Count;

    /// <summary>Sizes of the constants and the arena.</summary>
    public CSourceSizes Sizes => new(_program.WeightBytes, _program.TapBytes, null, _network.ArenaLength * sizeof(float), null);

    /// <summary>What writes each file, by its name.</summary>
    /// <param name="sizes">Sizes that the README states.</param>
    public IReadOnlyDictionary<string, Action<TextWriter>> All(CSourceSizes sizes) => new Dictionary<string, Action<TextWriter>>
    {
        [$"{_name}.h"] = writer => writer.Write(Fill("network.h")),
        [$"{_name}.c"] = writer => WriteSource(writer, withoutNumbers: false),
        [$"{_name}_test.c"] = writer => writer.Write(Fill("network_test.c", ("EXPECTED", Expected()), ("TOLERANCE", Tolerance))),
        ["Makefile"] = writer => writer.Write(Fill("Makefile")),
        ["README.md"] = writer => writer.Write(Fill("README.md", ("STACK", StackOf(sizes)))),
    };

    /// <summary>The files to measure the size of the code: constants are only declared.</summary>
    public IReadOnlyDictionary<string, Action<TextWriter>> CodeOnly => new Dictionary<string, Action<TextWriter>>
    {
        [$"{_name}.h"] = writer => writer.Write(Fill("network.h")),
        [$"{_name}.c"] = writer => WriteSource(writer, withoutNumbers: true),
    };

    /// <summary>Integers are exact. Sums of floats depend on their order.</summary>
    private string Tolerance =>
        _network.Program.Nodes.All(node => node.Integers is not null || node.Operation is ConversionOp) ? "0.0f" : "1e-4f";

    private bool NeedsMath => _program.NeedsMath || _normalisation.NeedsMath;

    private FeatureShape Output => _network[_network.Program.Output].Shape;

    private void WriteSource(TextWriter writer, bool withoutNumbers)
    {
        const string Mark = "@CONSTANTS@";
        var normalise = _normalisation.Exists ? Fill("normalise.c", ("STATEMENTS", _normalisation.Statements)) : "";
        var text = Fill(
            "network.c",
            ("FUNCTIONS", _program.TapType + string.Join("\n", _program.Functions)),
            ("STATEMENTS", _program.Statements), ("NORMALISE", normalise));
        var split = text.IndexOf(Mark, StringComparison.Ordinal);
        writer.Write(text.AsSpan(0, split));
        _program.WriteConstants(writer, withoutNumbers);
        writer.Write(text.AsSpan(split + Mark.Length));
    }

    private string Fill(string template, params (string Word, string Text)[] words)
    {
        var input = _model.Graph.Input;
        var needsRow = _normalisation.Exists;
        var text = Templates.Read(
            template,
            [
                .. words, ("NAME", _name), ("NETWORK", CText.Comment(_model.Graph.Name)), ("INPUT", $"{input}"),
                ("CHANNELS", $"{input.Channels}"), ("HEIGHT", $"{input.Height}"), ("WIDTH", $"{input.Width}"), ("INPUTS", $"{input.Count}"),
                ("OUTPUTS", $"{Output.Count}"), ("ARENA", $"{_network.ArenaLength}"),
                ("ARENA_BYTES", $"{_network.ArenaLength * sizeof(float)}"),
                ("FLASH_BYTES", $"{_program.WeightBytes + _program.TapBytes}"), ("IMAGES", $"{Images}"),
                ("LIBRARIES", NeedsMath ? " -lm" : ""),
                ("MATH", NeedsMath ? " but the mathematical one (`-lm`)" : ""), ("NORMALISED", needsRow ? $": see {_name}_normalise" : ""),
                ("NORMALISE", needsRow ? $"\n{NormaliseMeaning}\nvoid {_name}_normalise(float *image);\n" : ""),
                ("NORMALISE_CALL", needsRow ? $"{_name}_normalise(image);\n" : ""),
                ("NORMALISATION", CNormalisation.Describe(_model.Normalisation, _name)), ("CLASSES", Classes()),
                ("OUTPUT_MEANING", _model.DescribeOutputs()),
            ]);
        return Templates.Prefix(text, _name);
    }

    private static string StackOf(CSourceSizes sizes) => sizes.StackBytes is { } bytes
        ? $"at most {bytes} bytes, as compiled with `cc -O2` on the machine that exported it"
        : "not measured, as there was no C compiler";

    private string Classes()
    {
        var names = _model.ClassNames.Count == 0 ? ""
            : $" The classes, in their order: {string.Join(", ", _model.ClassNames.Select(CText.Comment))}.";
        return $"\nThe output is {_model.DescribeOutputs()}.{names}\n";
    }

    /// <summary>The runtime's logits of the images that the test generates, without Winograd forms.</summary>
    private string Expected()
    {
        using var plan = InferencePlan.CompileDirect(_model);
        using var session = plan.CreateSession();
        var rows = new List<string>();
        for (var n = 0u; n < Images; n++)
        {
            var logits = new float[plan.Outputs];
            session.Run(Image(n), 1, logits);
            rows.Add($"    {{{string.Join(", ", logits.Select(CText.Float))}}},\n");
        }

        return string.Concat(rows);
    }

    private float[] Image(uint number)
    {
        var image = new float[_model.Graph.Input.Count];
        var state = number + 1;
        for (var i = 0; i < image.Length; i++)
        {
            state = unchecked(state * 1664525 + 1013904223);
            image[i] = (state >> 8) / 8388608f - 1;
        }

        return image;
    }
}
