using Dst.Runtime.Inference.Steps;

namespace Dst.Runtime.Inference;

/// <summary>A form that can compute one layer.</summary>
/// <param name="Form">Its name in plans and their cache.</param>
/// <param name="Cost">Estimated time, in any unit that the forms of the layer share.</param>
/// <param name="Create">Makes the step, with packed weights.</param>
/// <param name="Pools">Whether it computes the pooling behind the layer too.</param>
internal sealed record LayerCandidate(LayerForm Form, double Cost, Func<InferenceStep> Create, bool Pools);
