using System.Text;
using Dst.Foundations;
using Dst.Graph;
using Dst.Runtime.Inference;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>The files of a network's C source.</summary>
internal sealed class CSourceFiles
{
    private const int Images = 2; // of the test
    private const string Exact = "0.0"; // a tolerance

    private const string PrepareCall = "$prepare(frame, height, width, channels, image); /* a frame of bytes, of any size */\n";

    private readonly Model _model;
    private readonly string _name;
    private readonly CNetwork _network;
    private readonly CProgram _program;
    private readonly CNormalisation _normalisation;
    private readonly bool _isSeparate; // whether the weights are
    private readonly uint _sourceNumber; // by which separate weights know their source

    /// <summary>Makes the source of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">Prefix of all names.</param>
    /// <param name="place">Where the weights go.</param>
    /// <param name="dense">Whether its masks are left out.</param>
    /// <exception cref="InputException">C source cannot express one of its operations or numbers.</exception>
    public CSourceFiles(Model model, string name, WeightsPlace place = WeightsPlace.Source, bool dense = false)
    {
        (_model, _name, _isSeparate) = (model, name, place == WeightsPlace.Separate);
        _network = new(model, dense);
        _program = COperations.Write(_network, name, _isSeparate ? new() : null);
        _normalisation = new(model.Normalisation, model.Graph.Input);
        if (!_isSeparate) return;
        // The checksum of the source in which this number is still 0.
        using var source = new StringWriter();
        WriteSource(source, withoutNumbers: false);
        _sourceNumber = Crc32C.Of(Encoding.UTF8.GetBytes(source.ToString()));
    }

    /// <summary>Operations of an image.</summary>
    public int Operations => _network.Program.Nodes.Count;

    /// <summary>Shape of an image.</summary>
    public FeatureShape Input => _model.Graph.Input;

    /// <summary>Number of logits of an image.</summary>
    public int Outputs => (int)Output.Count;

    /// <summary>Sizes of the constants and the arena.</summary>
    public CSourceSizes Sizes => new(
        _program.WeightBytes, _program.TapBytes, null, _network.ArenaLength * sizeof(float), null, Input.Count * sizeof(float));

    /// <summary>The file of weights that are not part of the source; null if they are.</summary>
    public byte[]? Weights => _isSeparate ? CWeights.File(_program.SeparateData(), _sourceNumber) : null;

    /// <summary>What writes each file of text, by its name.</summary>
    /// <param name="sizes">Sizes that the README states.</param>
    public IReadOnlyDictionary<string, Action<TextWriter>> All(CSourceSizes sizes)
    {
        var files = new Dictionary<string, Action<TextWriter>>
        {
            [$"{_name}.h"] = WriteHeader,
            [$"{_name}.c"] = writer => WriteSource(writer, withoutNumbers: false),
            [$"{_name}_test.c"] = writer => writer.Write(Fill(
                "network_test.c",
                ("EXPECTED", ExpectedLogits()), ("TOLERANCE", $"{Tolerance}f"), ("LOAD", IfSeparate("load_test.c")))),
            ["Makefile"] = writer => writer.Write(MakefileOf(_name, NeedsMath)),
            ["README.md"] = writer => writer.Write(ReadMe(sizes)),
        };
        if (HasClasses) files.Add($"{_name}_classes.h", writer => writer.Write(ClassesHeader()));
        return files;
    }

    /// <summary>The files to measure the size of the code: constants are only declared.</summary>
    public IReadOnlyDictionary<string, Action<TextWriter>> CodeOnly => new Dictionary<string, Action<TextWriter>>
    {
        [$"{_name}.h"] = WriteHeader,
        [$"{_name}.c"] = writer => WriteSource(writer, withoutNumbers: true),
    };

    /// <summary>The Makefile of a source.</summary>
    /// <param name="name">Name of the source.</param>
    /// <param name="needsMath">Whether it calls functions of <c>math.h</c>.</param>
    public static string MakefileOf(string name, bool needsMath) =>
        Templates.Read("Makefile", ("NAME", name), ("LIBRARIES", needsMath ? " -lm" : ""));

    /// <summary>An image of the test: numbers from −1 to 1 of the generator that the C source has too.</summary>
    internal static float[] TestImage(Model model, uint number)
    {
        var image = new float[model.Graph.Input.Count];
        var state = number + 1;
        for (var i = 0; i < image.Length; i++)
        {
            state = unchecked(state * 1664525 + 1013904223);
            image[i] = (state >> 8) / 8388608f - 1;
        }

        return image;
    }

    /// <summary>
    /// How far logits may be from the runtime's, as a share of the largest. Integers are exact. Sums of floats depend on their order, and
    /// where they become bytes inside the network, the least difference can become a step of a byte.
    /// </summary>
    private string Tolerance
    {
        get
        {
            if (IsOfIntegers) return Exact;
            return _network.Program.Nodes.Any(RoundsFloats) ? "1e-2" : "1e-4";
        }
    }

    private bool IsOfIntegers => _network.Program.Nodes.All(node => node.Integers is not null || node.Operation is ConversionOp);

    private bool HasClasses => _model.ClassNames.Count > 0;

    private bool NeedsMath => _program.NeedsMath || _normalisation.NeedsMath;

    /// <summary>Whether it ends in values that are neither classes nor a score: those of a layer.</summary>
    private bool EndsInLayer => _model.Outputs == OutputKind.None && Output.Count > 1 && _model.ClassNames.Count == 0;

    private string OutputMeaning => !EndsInLayer ? _model.DescribeOutputs()
        : $"the values of layer '{CText.Comment(_model.Graph.Output.Name)}', not scaled to length 1. If they are an embedding, the "
            + "similarity of two images is the cosine of theirs, sum(a * b) / sqrt(sum(a * a) * sum(b * b)), from -1 to 1";

    private FeatureShape Output => _network[_network.Program.Output].Shape;

    /// <summary>Words that depend on where the weights are.</summary>
    private (string Word, string Text)[] WordsOfPlace => _isSeparate
        ?
        [
            ("INCLUDES", "\n#include <stddef.h>\n"), ("FIELDS", "    const unsigned char *weights; /* set by $load */\n"),
            ("KEPT", "only `weights` has to be kept."), ("ALIGNMENT", "that of a pointer"), ("ALIGNED", "sizeof(void *)"),
            ("WEIGHTS", "    const unsigned char *const weights = context->weights;\n    if (weights == NULL) return -1;\n"),
            ("UNLOADED", ", the context has no weights"),
            ("WEIGHTS_BYTES", $"{CWeights.HeaderBytes + _program.WeightBytes + _program.TapBytes}"), ("SOURCE", $"{_sourceNumber:x8}"),
            ("LOADED", "    if (!load()) return 1;\n"),
            ("WEIGHTS_ROW", $"| `{_name}.bin` | the weights: put them where `$load` can read them |\n"),
            ("LOAD_CALL", $"$load(&context, weights, $WEIGHTS_BYTES); /* the content of {_name}.bin, at a multiple of 8 */\n"),
        ]
        :
        [
            ("INCLUDES", ""), ("FIELDS", ""), ("UNLOADED", ""), ("KEPT", "nothing in it has to be kept or set."), ("ALIGNMENT", "4"),
            ("ALIGNED", "sizeof(float)"), ("WEIGHTS", ""), ("LOADED", ""), ("WEIGHTS_ROW", ""), ("LOAD_CALL", ""),
        ];

    private void WriteHeader(TextWriter writer) => writer.Write(Fill("network.h", ("LOAD", IfSeparate("load.h"))));

    private void WriteSource(TextWriter writer, bool withoutNumbers)
    {
        const string Mark = "@CONSTANTS@";
        var prepare = _model.Normalisation is { } input ? CPreparation.Write(input, _model.Graph.Input, _normalisation.Statements) : "";
        var text = Fill(
            "network.c",
            ("MATH_INCLUDE", IsOfIntegers && !NeedsMath ? "" : "#include <math.h>\n"), // floats have bounds of INFINITY
            ("FUNCTIONS", _program.TapType + string.Join("\n", _program.Functions)),
            ("STATEMENTS", _program.Statements), ("PREPARE", prepare), ("LOAD", IfSeparate("load.c")));
        var split = text.IndexOf(Mark, StringComparison.Ordinal);
        writer.Write(text.AsSpan(0, split));
        _program.WriteConstants(writer, withoutNumbers);
        writer.Write(text.AsSpan(split + Mark.Length));
    }

    private bool RoundsFloats(LoweredNode node) => node.Operation is ConversionOp && node.Inputs[0] != NetworkGraph.InputName
        && _network.Program.Values[node.Output].Type == ElementType.UInt8;

    /// <summary>A template with the words given, and those that all of them share.</summary>
    private string Fill(string template, params (string Word, string Text)[] words)
    {
        var input = _model.Graph.Input;
        var normalises = _model.Normalisation is not null;
        var text = Templates.Read(
            template,
            [
                .. words, ("NAME", _name), ("NETWORK", CText.Comment(_model.Graph.Name)), ("INPUT", $"{input}"),
                ("CHANNELS", $"{input.Channels}"), ("HEIGHT", $"{input.Height}"), ("WIDTH", $"{input.Width}"), ("INPUTS", $"{input.Count}"),
                ("IMAGE_BYTES", $"{input.Count * sizeof(float)}"),
                ("OUTPUTS", $"{Output.Count}"), ("ARENA", $"{_network.ArenaLength}"),
                ("ARENA_BYTES", $"{_network.ArenaLength * sizeof(float)}"),
                ("FLASH_BYTES", $"{_program.WeightBytes + _program.TapBytes}"), ("IMAGES", $"{Images}"),
                ("MATH", NeedsMath ? " but the mathematical one (`-lm`)" : ""),
                ("NORMALISED", normalises ? $": see {_name}_prepare" : ""),
                ("PREPARE", normalises ? Templates.Read("prepare.h", ("FRAME", CPreparation.DescribeChannels(input.Channels))) : ""),
                ("CLASSES_ROW", HasClasses ? $"| `{_name}_classes.h` | the names of the classes, to include where they are shown |\n" : ""),
                ("PREPARE_CALL", normalises ? PrepareCall : ""),
                ("NORMALISATION", CNormalisation.Describe(_model.Normalisation, input, _name)),
                ("KIND", EndsInLayer ? "values" : "logits"), ("OUTPUT_MEANING", OutputMeaning), .. WordsOfPlace,
            ]);
        return Templates.Prefix(text, _name);
    }

    /// <summary>A template that only a source with separate weights has.</summary>
    private string IfSeparate(string template) => _isSeparate ? Templates.Read(template) : "";

    private static string Measured(string most, long? bytes) => bytes is { } known
        ? $"{most}{known} bytes, as compiled with `cc -O2` on the machine that exported it"
        : "not measured, as there was no C compiler";

    /// <summary>Classes are filled in last, because nothing in their names is a mark.</summary>
    private string ReadMe(CSourceSizes sizes)
    {
        var exactness = Tolerance == Exact ? "bit for bit" : $"to {Tolerance} of the largest logit";
        var text = Fill(
            "README.md", ("CODE", Measured("", sizes.CodeBytes)), ("STACK", Measured("at most ", sizes.StackBytes)),
            ("EXACTNESS", exactness));
        return text.Replace("@CLASSES@", Classes(), StringComparison.Ordinal);
    }

    /// <summary>The classes with their numbers, a line each.</summary>
    private string Classes() => !HasClasses ? ""
        : $"\nThe classes:\n\n{string.Concat(_model.ClassNames.Select((name, index) => $"{index}. {CText.Markdown(name)}\n"))}";

    /// <summary>The names are filled in last too.</summary>
    private string ClassesHeader()
    {
        var names = string.Concat(_model.ClassNames.Select(name => $"    {CText.String(name)},\n"));
        return Fill("classes.h", ("COUNT", $"{_model.ClassNames.Count}")).Replace("@CLASS_STRINGS@", names, StringComparison.Ordinal);
    }

    /// <summary>The runtime's logits of the images that the test generates, without Winograd forms.</summary>
    private string ExpectedLogits()
    {
        using var plan = InferencePlan.CompileDirect(_model);
        using var session = plan.CreateSession();
        var rows = new List<string>();
        for (var n = 0u; n < Images; n++)
        {
            var logits = new float[plan.Outputs];
            session.Run(TestImage(_model, n), 1, logits);
            rows.Add($"    {{{string.Join(", ", logits.Select(CText.Float))}}},\n");
        }

        return string.Concat(rows);
    }
}
