using Dst.Graph;
using Dst.Masks;
using Dst.Training.Autodiff;

namespace Dst.Tests.Optimizers;

/// <summary>Parameters with values and gradients from simple formulas, for the tests of this folder.</summary>
internal static class TestParameters
{
    /// <summary>Nineteen weights sin(0.7·i): whole vectors and a tail at every width.</summary>
    public static Parameter Weight(int count = 19, ParameterRole role = ParameterRole.Weight, string name = "conv.weight") =>
        new(new(name, name.Split('.')[0], role, [count]), [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin(0.7 * i))]);

    /// <summary>A convolution weight [4, 4, 3, 3] of which a UHP mask keeps every second kernel.</summary>
    public static Parameter Masked()
    {
        var shape = new[] { 4, 4, 3, 3 };
        var parameter = new Parameter(
            new("pruned.weight", "pruned", ParameterRole.Weight, shape), [.. Enumerable.Range(0, 144).Select(i => (float)Math.Cos(i) - 2)])
        {
            Mask = new LayerMask(shape, new(PruningUnit.Kernel, block: 2, group: 2), [true, false, false, true, false, true, true, false]),
        };
        parameter.Mask.Apply(parameter.Value);
        return parameter;
    }

    /// <summary>Gradient of step s: cos((0.3 + 0.1·s)·i)·(w + 0.5), dense on pruned positions too.</summary>
    public static void SetGradient(Parameter parameter, int step)
    {
        for (var i = 0; i < parameter.Value.Length; i++)
            parameter.Gradient[i] = (float)(Math.Cos(i * (0.3 + 0.1 * step)) * (parameter.Value[i] + 0.5));
    }

    /// <summary>Whether every position that the mask prunes is +0, bit for bit.</summary>
    public static bool IsPruned(LayerMask mask, float[] values) =>
        Enumerable.Range(0, values.Length).All(i => mask.Keeps(i / 36, i % 36) || BitConverter.SingleToInt32Bits(values[i]) == 0);
}
