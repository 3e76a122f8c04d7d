using Dst.Graph;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>Operations that compute each value from those at the same place: a loop with a statement for each operation.</summary>
internal static class CElementwise
{
    private const string Clamp = "to[c] = sum < low ? low : sum > high ? high : sum;";
    private const string Bounds = "float low, float high";
    private const string Second = "const float *second, const $map *other";

    private static readonly Dictionary<string, Function> Functions = new()
    {
        ["clip"] = new("y = x within its bounds.", Bounds, "to[c] = v < low ? low : v > high ? high : v;"),
        ["leaky_relu"] = new("y = x, or slope * x below 0.", "float slope", "to[c] = v > 0.0f ? v : slope * v;"),
        ["elu"] = new(
            "y = x, or alpha * (e^x - 1) below 0.", "float alpha", "to[c] = v > 0.0f ? v : alpha * expm1f(v);", NeedsMath: true),
        ["prelu"] = new("y = x, or slope[channel] * x below 0.", "const float *slope", "to[c] = v > 0.0f ? v : slope[c] * v;"),
        ["sigmoid"] = new("y = 1 / (1 + e^-x).", "", "to[c] = 1.0f / (1.0f + expf(-v));", NeedsMath: true),
        ["hyperbolic_tangent"] = new("y = tanh(x).", "", "to[c] = tanhf(v);", NeedsMath: true),
        ["hard_sigmoid"] = new(
            "y = alpha * x + beta, from 0 to 1.", "float alpha, float beta",
            "const float s = alpha * v + beta; to[c] = s < 0.0f ? 0.0f : s > 1.0f ? 1.0f : s;"),
        ["hard_swish"] = new(
            "y = x * (x / 6 + 1/2, from 0 to 1).", "",
            "const float s = v / 6.0f + 0.5f; to[c] = v * (s < 0.0f ? 0.0f : s > 1.0f ? 1.0f : s);"),
        ["gelu"] = new(
            "y = x * (1 + erf(x / sqrt(2))) / 2.", "", "to[c] = 0.5f * v * (1.0f + erff(0.70710678f * v));", NeedsMath: true),
        ["gelu_tanh"] = new(
            "y = x / (1 + e^(-2t)), t = sqrt(2 / pi) * (x + 0.044715 * x^3).", "",
            "to[c] = v / (1.0f + expf(-1.59576912f * (v + 0.044715f * v * v * v)));", NeedsMath: true),
        ["silu"] = new("y = x / (1 + e^-x).", "", "to[c] = v / (1.0f + expf(-v));", NeedsMath: true),
        ["mish"] = new("y = x * tanh(ln(1 + e^x)).", "", "to[c] = v * tanhf(v > 20.0f ? v : log1pf(expf(v)));", NeedsMath: true),
        ["affine"] = new(
            "y = scale[channel] * x + shift[channel] within its bounds.", $"const float *scale, const float *shift, {Bounds}",
            $"const float sum = scale[c] * v + shift[c]; {Clamp}"),
        ["add"] = new(
            "y = x + second within its bounds.", $"{Second}, {Bounds}",
            $"const float sum = v + second[row * other->pitch + column * other->channels + c]; {Clamp}"),
        ["multiply"] = new("y = x * second.", Second, "to[c] = v * second[row * other->pitch + column * other->channels + c];"),
        ["scale"] = new("y = x * factor[channel].", "const float *factor", "to[c] = v * factor[c];"),
    };

    /// <summary>Writes the function of an operation and its call.</summary>
    public static void Emit(CProgram program, LoweredNode node)
    {
        var (low, high) = CProgram.BoundsOf(node);
        string Parameter(string suffix, float[] values) => program.AddFloats(node, suffix, values);
        string Other() => $"{program.AddressOf(node.Inputs[1])}, {program.MapOf(node.Inputs[1])}";
        var (name, arguments) = node.Operation switch
        {
            ReluOp => ("clip", "0.0f, INFINITY"),
            ClipOp c => ("clip", $"{CText.Float(c.Min)}, {CText.Float(c.Max)}"),
            LeakyReluOp l => ("leaky_relu", CText.Float(l.Slope)),
            EluOp e => ("elu", CText.Float(e.Alpha)),
            PReluOp => ("prelu", Parameter("slope", node.Weight!)),
            SigmoidOp => ("sigmoid", ""),
            TanhOp => ("hyperbolic_tangent", ""),
            HardSigmoidOp h => ("hard_sigmoid", $"{CText.Float(h.Alpha)}, {CText.Float(h.Beta)}"),
            HardSwishOp => ("hard_swish", ""),
            GeluOp g => (g.Approximate ? "gelu_tanh" : "gelu", ""),
            SiluOp => ("silu", ""),
            MishOp => ("mish", ""),
            AffineOp or BatchNormOp => ("affine", $"{Parameter("scale", node.Weight!)}, {Parameter("shift", node.Bias!)}, {low}, {high}"),
            AddOp => ("add", $"{Other()}, {low}, {high}"),
            MulOp when program.Network[node.Inputs[1]].Shape == program.Network[node.Inputs[0]].Shape => ("multiply", Other()),
            MulOp => ("scale", program.AddressOf(node.Inputs[1])),
            _ => throw new InvalidOperationException($"no C statement for {node.Operation}"),
        };
        var function = Functions[name];
        var parameters = function.Parameters.Length > 0 ? $", {function.Parameters}" : "";
        program.Use(
            "elementwise.c", ("NAME", name), ("MEANING", function.Meaning), ("PARAMETERS", parameters), ("STATEMENT", function.Statement));
        if (function.NeedsMath) program.UseMath();
        program.Call(name, node, arguments);
    }

    /// <summary>A function of each element.</summary>
    /// <param name="Meaning">The comment on top.</param>
    /// <param name="Parameters">Its parameters between the input and the output.</param>
    /// <param name="Statement">Computes the channel <c>c</c> of the pixel <c>to</c> from the input <c>v</c>.</param>
    /// <param name="NeedsMath">Whether it calls functions of <c>math.h</c>.</param>
    private sealed record Function(string Meaning, string Parameters, string Statement, bool NeedsMath = false);
}
