using System.Collections.Concurrent;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

/// <summary>Each operation case three times: its value, its gradient and the accumulation of its gradient.</summary>
public unsafe class OperationTests
{
    private const double ValueTolerance = 2e-5;
    private const double DifferenceTolerance = 1e-3;
    private const float Step = 1 / 128f;
    private const int SamplesPerInput = 24;

    /// <summary>By the name of the reference, which all tiers and several forms share: they take most of the time.</summary>
    private static readonly ConcurrentDictionary<string, List<(int Input, int Element, double Slope)>> Differences = [];

    public static TheoryData<SimdTier, string> Cases =>
        Tiers.With(tier => OperationCases.All.Where(operation => operation.RunsOn(tier)).Select(operation => operation.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Value_equals_the_reference(SimdTier tier, string name)
    {
        var operation = Find(name);
        var inputs = operation.MakeInputs();
        using var expected = operation.Forward(inputs, tier: null);
        using var actual = operation.Forward(inputs, tier);
        Blocked.AssertClose(expected, actual, ValueTolerance * (1 + Largest(expected)));
        foreach (var input in inputs) input.AssertSound();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradient_equals_the_reference(SimdTier tier, string name)
    {
        var operation = Find(name);
        var inputs = operation.MakeInputs();
        using var y = operation.Forward(inputs, tier: null);
        using var dy = Blocked.Random(y.Images, y.Channels, y.Height, y.Width, seed: 9);
        var expected = Gradients(operation, inputs, y, dy, tier: null);
        var actual = Gradients(operation, inputs, y, dy, tier);
        for (var i = 0; i < inputs.Length; i++) Blocked.AssertClose(expected[i], actual[i], ValueTolerance * (1 + Largest(expected[i])));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradient_equals_finite_differences_of_the_reference(SimdTier tier, string name)
    {
        var operation = Find(name);
        var inputs = operation.MakeInputs();
        using var y = operation.Forward(inputs, tier: null);
        using var dy = Blocked.Random(y.Images, y.Channels, y.Height, y.Width, seed: 9);
        var gradients = Gradients(operation, inputs, y, dy, tier);
        foreach (var (input, element, expected) in Differences.GetOrAdd(operation.Reference, _ => DifferencesOf(operation, inputs, dy)))
        {
            double actual = gradients[input].Pointer[element];
            Assert.True(
                Math.Abs(expected - actual) <= DifferenceTolerance * (1 + Math.Abs(expected)),
                $"input {input}, element {element}: gradient {actual}, finite difference {expected}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradient_of_data_is_added_to_what_is_there(SimdTier tier, string name)
    {
        var operation = Find(name);
        var inputs = operation.MakeInputs();
        using var y = operation.Forward(inputs, tier: null);
        using var dy = Blocked.Random(y.Images, y.Channels, y.Height, y.Width, seed: 9);
        var expected = Gradients(operation, inputs, y, dy, tier);
        var actual = inputs.Select((x, i) => Blocked.Random(x.Images, x.Channels, x.Height, x.Width, seed: 20 + i)).ToArray();
        for (var i = 0; i < operation.DataInputs; i++)
        {
            for (var j = 0; j < expected[i].Length; j++) expected[i].Pointer[j] += actual[i].Pointer[j];
        }

        operation.Backward(inputs, y, dy, actual, accumulate: true, tier);
        for (var i = 0; i < inputs.Length; i++) Blocked.AssertClose(expected[i], actual[i], ValueTolerance * (1 + Largest(expected[i])));
    }

    private static OperationCase Find(string name) => OperationCases.All.Single(c => c.Name == name);

    /// <summary>Gradients of all inputs; those of data overwrite garbage.</summary>
    private static Blocked[] Gradients(OperationCase operation, Blocked[] inputs, Blocked y, Blocked dy, SimdTier? tier)
    {
        var gradients = inputs
            .Select((x, i) => i < operation.DataInputs
                ? Blocked.Garbage(x.Images, x.Channels, x.Height, x.Width)
                : new Blocked(x.Images, x.Channels, x.Height, x.Width))
            .ToArray();
        operation.Backward(inputs, y, dy, gradients, accumulate: false, tier);
        return gradients;
    }

    /// <summary>Central differences of Σ dy · y at some elements of each input.</summary>
    private static List<(int Input, int Element, double Slope)> DifferencesOf(OperationCase operation, Blocked[] inputs, Blocked dy)
    {
        var random = new Random(5);
        var differences = new List<(int, int, double)>();
        for (var i = 0; i < inputs.Length; i++)
        {
            var count = inputs[i].Images * inputs[i].Channels * inputs[i].Pixels;
            for (var sample = 0; sample < Math.Min(count, SamplesPerInput); sample++)
            {
                var element = inputs[i].IndexOfPlain(count <= SamplesPerInput ? sample : random.Next(count));
                differences.Add((i, element, Difference(operation, inputs, i, element, dy)));
            }
        }

        return differences;
    }

    /// <summary>The central difference of Σ dy · y.</summary>
    private static double Difference(OperationCase operation, Blocked[] inputs, int input, int element, Blocked dy)
    {
        var value = inputs[input].Pointer[element];
        inputs[input].Pointer[element] = value + Step;
        using var above = operation.Forward(inputs, tier: null);
        inputs[input].Pointer[element] = value - Step;
        using var below = operation.Forward(inputs, tier: null);
        inputs[input].Pointer[element] = value;
        return (Blocked.Dot(above, dy) - Blocked.Dot(below, dy)) / (2 * Step);
    }

    private static double Largest(Blocked x)
    {
        using var zero = new Blocked(x.Images, x.Channels, x.Height, x.Width);
        return Blocked.MaxDifference(x, zero);
    }
}
