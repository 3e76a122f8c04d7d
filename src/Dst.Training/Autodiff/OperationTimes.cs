using System.Diagnostics;
using System.Runtime.InteropServices;
using Dst.Graph;

namespace Dst.Training.Autodiff;

/// <summary>A part of a training step.</summary>
public enum StepPass
{
    /// <summary>Outputs from inputs.</summary>
    Forward,

    /// <summary>The loss and its gradient.</summary>
    Loss,

    /// <summary>Gradients of inputs and parameters.</summary>
    Backward,

    /// <summary>Parameters from gradients.</summary>
    Update,
}

/// <summary>
/// Sums the time of training steps by layer, kind of operation and pass. It is filled by the thread that drives the steps.
/// </summary>
public sealed class OperationTimes
{
    private readonly Dictionary<(string Layer, string Operation, StepPass Pass), TimeSpan> _sums = [];

    /// <summary>
    /// The sums so far, in the order of their first parts. Time of a fused operation counts for the one that it is fused into.
    /// </summary>
    public IReadOnlyDictionary<(string Layer, string Operation, StepPass Pass), TimeSpan> Sums => _sums;

    /// <summary>Adds the time until this call, for work of no layer.</summary>
    /// <param name="operation">Name of the work.</param>
    /// <param name="pass">Pass that it belongs to.</param>
    /// <param name="start"><see cref="Stopwatch"/> timestamp of its start.</param>
    public void Add(string operation, StepPass pass, long start) => Add("", operation, pass, start);

    /// <summary>Adds to the sum of a layer, whose operation's kind is a name such as <c>Conv2d</c>.</summary>
    internal void Add(Node node, StepPass pass, long start) => Add(node.Name, node.Operation.GetType().Name[..^"Op".Length], pass, start);

    private void Add(string layer, string operation, StepPass pass, long start) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_sums, (layer, operation, pass), out _) += Stopwatch.GetElapsedTime(start);
}
