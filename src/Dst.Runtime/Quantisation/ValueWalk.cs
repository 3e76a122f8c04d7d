using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Inference;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Quantisation;

/// <summary>Runs a plan of single images and shows each value, as floats without padding, when it is complete.</summary>
internal sealed unsafe class ValueWalk : IDisposable
{
    private readonly InferencePlan _plan;
    private readonly InferenceSession _session;
    private readonly Dictionary<string, int> _writers;
    private readonly Dictionary<string, int> _written = [];
    private Action<string, float[]> _show = (_, _) => { };

    /// <summary>Takes memory for a plan, which it does not own.</summary>
    public ValueWalk(InferencePlan plan)
    {
        _plan = plan;
        _session = new(plan, new(1), ownsPool: true) { Observer = Observe };
        _writers = plan.Steps.CountBy(step => step.Output).ToDictionary();
        _writers.Add(NetworkGraph.InputName, 1);
    }

    /// <summary>Milliseconds of each layer so far, by name.</summary>
    public Dictionary<string, double> Times =>
        _session.Times.GroupBy(step => step.Name).ToDictionary(steps => steps.Key, steps => steps.Sum(step => step.Time.TotalMilliseconds));

    /// <summary>Runs one image [C, H, W].</summary>
    /// <param name="image">The image.</param>
    /// <param name="show">Takes the name and the elements of each value.</param>
    public void Run(ReadOnlySpan<float> image, Action<string, float[]> show)
    {
        _show = show;
        _written.Clear();
        _session.RunUnchecked(image, 1, new float[_plan.Outputs]);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private void Observe(string value, float* first)
    {
        // The inputs of a concatenation have a step each.
        var steps = _written[value] = _written.GetValueOrDefault(value) + 1;
        if (steps == _writers[value]) _show(value, Elements(_plan.Program.Values[value], first));
    }

    private static float[] Elements(LoweredValue value, float* first)
    {
        var pixels = value.Shape.Pixels;
        var elements = new float[value.Shape.Count];
        for (var i = 0; i < elements.Length; i++)
        {
            var (channel, pixel) = Math.DivRem(i, pixels);
            var place = ((long)channel / Layout.Block * pixels + pixel) * Layout.Block + channel % Layout.Block;
            elements[i] = value.Scale is { } scale ? scale.ToFloat(((byte*)first)[place]) : first[place];
        }

        return elements;
    }
}
