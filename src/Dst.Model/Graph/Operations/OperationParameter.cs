namespace Dst.Graph;

/// <summary>One parameter of an operation.</summary>
/// <param name="Suffix">The part of its name after the layer's, such as <c>weight</c>.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Shape">Extent of each dimension.</param>
internal readonly record struct OperationParameter(string Suffix, ParameterRole Role, params int[] Shape);
