using Dst.Graph;

namespace Dst.Interop.Onnx.Export;

/// <summary>Writes operations that operation set 13 has no name for as several nodes, which our importer recognises.</summary>
internal static class Compositions
{
    /// <summary>Writes an operation.</summary>
    /// <param name="writer">Takes the nodes.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="name">Name of our node.</param>
    /// <param name="x">The value that it reads, [N, C, H, W].</param>
    /// <param name="parameter">Writes a parameter [C, 1, 1] by its suffix.</param>
    /// <returns>The value that it writes.</returns>
    public static string Add(GraphWriter writer, Operation operation, string name, string x, Func<string, string> parameter)
    {
        return operation switch
        {
            HardSwishOp => Last("Mul", x, writer.Add("HardSigmoid", $"{name}.gate", [x], ("alpha", 1f / 6), ("beta", 0.5f))),
            SiluOp => Last("Mul", x, Step("Sigmoid", "gate", x)),
            MishOp => Last("Mul", x, Step("Tanh", "gate", Step("Softplus", "softplus", x))),
            GeluOp { Approximate: false } => Gelu(Step("Erf", "erf", Times("scaled", x, MathF.Sqrt(0.5f)))),
            GeluOp => Gelu(Step("Tanh", "tanh", Times("scaled", Step("Add", "polynomial", x, Cube()), MathF.Sqrt(2 / MathF.PI)))),
            LayerNormOp l => LayerNorm(l.Epsilon),
            _ => throw new InvalidOperationException($"no ONNX operations for {operation}"),
        };

        // The importer gives our node the name of the last one that the operation consists of.
        string Last(string type, params string[] inputs) => writer.Add(type, name, inputs);

        string Step(string type, string step, params string[] inputs) => writer.Add(type, $"{name}.{step}", inputs);

        string Number(string step, float value) => writer.AddConstant($"{name}.{step}.number", [], [value]);

        string Times(string step, string value, float factor) => Step("Mul", step, value, Number(step, factor));

        string Gelu(string gate)
        {
            var product = Step("Mul", "product", x, Step("Add", "gate", gate, Number("gate", 1)));
            return Last("Mul", product, Number("half", 0.5f));
        }

        string Cube() => Times("cubic", Step("Mul", "cube", Step("Mul", "square", x, x), x), 0.044715f);

        string LayerNorm(float epsilon)
        {
            string Mean(string step, string value) => writer.Add("ReduceMean", $"{name}.{step}", [value], ("axes", new[] { 1 }));
            var centred = Step("Sub", "centred", x, Mean("mean", x));
            var variance = Mean("variance", Step("Mul", "square", centred, centred));
            var deviation = Step("Sqrt", "deviation", Step("Add", "shifted", variance, Number("shifted", epsilon)));
            var normal = Last("Div", centred, deviation);
            return Step("Add", "biased", Step("Mul", "weighted", normal, parameter("weight")), parameter("bias"));
        }
    }
}
