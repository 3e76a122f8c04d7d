using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;

namespace Dst.ModelFiles;

/// <summary>
/// What holds of every model: readers refuse a file by these rules, and writers a model whose file they would refuse. A rule gives the
/// problem, such as <c>has 2 class names; …</c>, or null.
/// </summary>
internal static class ModelRules
{
    private const int MaxResize = 1 << 14;

    /// <summary>Fails unless the file of a model can be read back.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="ArgumentException">A part of the model does not fit its graph.</exception>
    /// <exception cref="InputException">A value is not legal.</exception>
    public static void CheckWritable(string path, Model model)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Check(model, $"{path} is not written: its model");
        foreach (var shape in model.Graph.Parameters)
        {
            if (OfValues(shape, model.Parameters[shape.Name].Data) is { } problem)
                throw new InputException($"{path} is not written: {problem}");
        }
    }

    /// <summary>Fails unless all parts of a model fit its graph. Single values are not looked at.</summary>
    /// <param name="model">The model.</param>
    /// <param name="what">What messages call it.</param>
    /// <exception cref="ArgumentException">One does not; the message says which, and what was expected.</exception>
    public static void Check(Model model, string what)
    {
        ArgumentNullException.ThrowIfNull(model);
        var problem = OfParameters(model) ?? OfMasks(model) ?? OfOutputs(model) ?? OfClassNames(model.ClassNames, model)
            ?? OfNormalisation(model.Normalisation, model.Graph) ?? OfInt8(model);
        if (problem is not null) throw new ArgumentException($"{what} {problem}");
    }

    /// <summary>Class names: none, or one for each class; all different.</summary>
    public static string? OfClassNames(IReadOnlyList<string> names, Model model)
    {
        if (names.Count != 0 && names.Count != model.Classes)
        {
            var meaning = model.Classes > model.OutputCount ? ", which tells two classes apart" : "";
            return $"has {Phrases.Count(names.Count, "class name")}; none or {model.Classes} were expected, because its network has "
                + $"{Phrases.Count(model.OutputCount, "output")}{meaning}";
        }

        if (names.Contains(null!)) return "has a null class name; a string was expected";
        return Duplicate.Find(names) is { } twice ? $"has the class name '{twice}' twice; different names were expected" : null;
    }

    /// <summary>Input normalisation, if any: its numbers are finite and fit the graph's input.</summary>
    public static string? OfNormalisation(InputNormalisation? normalisation, CheckedGraph graph)
    {
        if (normalisation is not { Resize: var resize, Mean: var means, Deviation: var deviations }) return null;
        if (OfResize(resize, normalisation.Fit) is { } problem) return problem;
        var legal = means.Length == graph.Input.Channels && deviations.Length == graph.Input.Channels
            && means.All(float.IsFinite) && deviations.All(IsScale);
        return legal
            ? null
            : $"has a normalisation with the means [{Text(means)}] and the deviations [{Text(deviations)}]; "
                + $"expected {graph.Input.Channels} finite means and positive deviations";

        static string Text(float[] values) => string.Join(", ", values.Select(value => Invariant($"{value}")));
    }

    /// <summary>Names of the values that are held in bytes: different values of the graph.</summary>
    public static string? OfInt8Values(IReadOnlyCollection<string> names, CheckedGraph graph)
    {
        if (names.Contains(null!)) return "has a null 8-bit value; a string was expected";
        if (names.FirstOrDefault(name => !graph.Shapes.ContainsKey(name)) is { } unknown)
            return $"has the 8-bit value '{unknown}'; names of its network's layers or '{NetworkGraph.InputName}' were expected";
        return Duplicate.Find(names) is { } twice ? $"has the 8-bit value '{twice}' twice; different names were expected" : null;
    }

    /// <summary>Scales of 8-bit integers.</summary>
    public static string? OfInt8Scales(IEnumerable<float> scales)
    {
        foreach (var scale in scales)
        {
            if (!IsScale(scale))
                return Invariant($"has the scale {scale} among those of 8-bit integers; finite numbers above 0 were expected");
        }

        return null;
    }

    /// <summary>The layer of a mask.</summary>
    public static string? OfMaskedLayer(string layer, CheckedGraph graph) =>
        graph.Nodes.Any(node => node.Name == layer && node.Operation.TakesMask)
            ? null
            : $"has a mask for '{layer}', which is not a convolution of its graph";

    /// <summary>The values of a parameter.</summary>
    public static string? OfValues(ParameterShape parameter, ReadOnlySpan<float> values)
    {
        var isVariance = parameter.Role == ParameterRole.Statistic && parameter.Name.EndsWith(".running_var", StringComparison.Ordinal);
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                return Invariant($"'{parameter.Name}' has {values[i]} at index {i}; finite numbers were expected");
            if (isVariance && values[i] < 0)
                return Invariant($"'{parameter.Name}' has {values[i]} at index {i}; a variance is not negative");
        }

        return null;
    }

    private static string? OfResize(ImageSize resize, ResizeFit fit)
    {
        if (resize.IsNone)
            return fit == ResizeFit.Stretch ? null : $"has the fit '{EnumWords.Of(fit)}' without a resize; a resize was expected too";
        return resize is { Height: >= 1 and <= MaxResize, Width: >= 1 and <= MaxResize }
            ? null
            : $"has a resize to {resize} pixels; 0, or 1 to {MaxResize} pixels a side, was expected";
    }

    private static string? OfOutputs(Model model) => model.Graph.AllowsOutputs(model.Outputs)
        ? null
        : $"has the outputs '{EnumWords.Of(model.Outputs)}', which the end of its network does not allow";

    private static string? OfParameters(Model model)
    {
        foreach (var shape in model.Graph.Parameters)
        {
            if (model.Parameters.GetValueOrDefault(shape.Name) is not { } tensor)
                return $"has no tensor '{shape.Name}'; one of shape {Describe(shape.Shape)} was expected";
            if (!tensor.Shape.SequenceEqual(shape.Shape))
                return $"has the tensor '{shape.Name}' with the shape {Describe(tensor.Shape)}; {Describe(shape.Shape)} was expected";
        }

        return null;
    }

    private static string? OfMasks(Model model) => model.Masks
        .Select(mask => OfMaskedLayer(mask.Key, model.Graph) ?? OfMask(mask.Key, mask.Value, model.Parameters[$"{mask.Key}.weight"]))
        .FirstOrDefault(problem => problem is not null);

    private static string? OfMask(string layer, LayerMask mask, Tensor weight)
    {
        if (!mask.WeightShape.SequenceEqual(weight.Shape))
            return $"has a mask for '{layer}' of shape {Describe(mask.WeightShape)}; {Describe(weight.Shape)} was expected";
        if (CompactWeights.FindViolation(mask) is { } violation) return $"has a mask for '{layer}' that {violation}";
        return CompactWeights.IsApplied(mask, weight.Data) ? null : $"has weights of '{layer}' that its mask prunes and that are not zero";
    }

    private static string? OfInt8(Model model)
    {
        if (model.Int8 is not { Values: var values, Filters: var filters }) return null;
        return OfInt8Values([.. values.Keys], model.Graph)
            ?? OfInt8Scales([.. values.Values.Select(value => value.Scale), .. filters.Values.SelectMany(scales => scales)])
            ?? filters.Select(layer => OfFilters(layer.Key, layer.Value, model)).FirstOrDefault(problem => problem is not null);
    }

    private static string? OfFilters(string layer, float[] scales, Model model)
    {
        if (model.Parameters.GetValueOrDefault($"{layer}.weight") is not { } weight)
            return $"has scales of filters for '{layer}', which is no layer with weights";
        return scales.Length == weight.Shape[0]
            ? null
            : $"has {Phrases.Count(scales.Length, "scale")} of filters for '{layer}'; {weight.Shape[0]} were expected";
    }

    private static bool IsScale(float value) => value > 0 && float.IsFinite(value);

    private static string Describe(int[] shape) => $"[{string.Join(", ", shape)}]";
}
