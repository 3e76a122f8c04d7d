using Dst.Graph;
using Dst.Masks;
using Dst.Quantisation;

namespace Dst.ModelFiles;

/// <summary>How a model file holds a parameter: kept weights alone if the layer has a mask, integers if its filters have scales.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Mask">Which of its values are kept, or null for all.</param>
/// <param name="Scales">The size of a step of each filter's weights if they are 8-bit integers; else null.</param>
internal sealed record StoredParameter(ParameterShape Parameter, LayerMask? Mask, float[]? Scales)
{
    /// <summary>Name of the tensor in the file.</summary>
    public string Name =>
        Parameter.Name + (Mask is null ? "" : Mask.Pattern is null ? ".sparse_values" : ".uhp_values");

    private IReadOnlyList<int> Shape => Mask is null ? Parameter.Shape : [(int)Mask.KeptWeights];

    /// <summary>How a parameter is held in the file of a model with these masks and scales. Only weights have any.</summary>
    public static StoredParameter Of(ParameterShape parameter, IReadOnlyDictionary<string, LayerMask> masks, Int8Scales? int8) =>
        parameter.Role == ParameterRole.Weight
            ? new(parameter, masks.GetValueOrDefault(parameter.Layer), int8?.Filters.GetValueOrDefault(parameter.Layer))
            : new(parameter, Mask: null, Scales: null);

    /// <summary>Fails unless the file has the tensor.</summary>
    /// <exception cref="InputException">It is missing or has another type or shape.</exception>
    public void Check(SafetensorsReader file) => file.CheckTensor(Name, Scales is null ? TensorType.F32 : TensorType.I8, Shape);

    /// <summary>Reads the parameter, with zeros where the mask prunes.</summary>
    /// <exception cref="InputException">A value is not legal.</exception>
    public Tensor Read(SafetensorsReader file)
    {
        var values = Scales is null
            ? Scatter(file.ReadFloats(Name, Shape))
            : Int8Scales.ToFloats(Scatter(file.ReadSignedBytes(Name, Shape)), Scales);
        return ModelRules.OfValues(Parameter, values) is { } problem ? throw file.Malformed(problem) : new(Parameter.Shape, values);
    }

    /// <summary>The tensor that holds these values of the parameter.</summary>
    /// <exception cref="ArgumentException">They are to be integers and are no multiples of the scales.</exception>
    public TensorEntry ToEntry(float[] values)
    {
        if (Scales is null) return new(Name, Shape, Gather(values));
        var integers = Int8Scales.ToIntegers(values, Scales);
        return values.AsSpan().SequenceEqual(Int8Scales.ToFloats(integers, Scales))
            ? new(Name, Shape, Gather(integers))
            : throw new ArgumentException($"'{Parameter.Name}' has values that are no whole multiples of its scales");
    }

    private T[] Gather<T>(T[] values) => Mask is null ? values : CompactWeights.Gather(Mask, values);

    private T[] Scatter<T>(T[] values) => Mask is null ? values : CompactWeights.Scatter(Mask, values);
}
