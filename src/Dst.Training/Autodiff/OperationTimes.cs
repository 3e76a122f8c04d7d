using System.Diagnostics;
using System.Runtime.InteropServices;
using Dst.Runtime.Graph;

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

/// <summary>Sums the time of training steps by kind of operation and pass. It is filled by the thread that drives the steps.</summary>
public sealed class OperationTimes
{
    private readonly Dictionary<(string Operation, StepPass Pass), TimeSpan> _sums = [];

    /// <summary>The sums so far, in the order in which their first parts came.</summary>
    public IReadOnlyDictionary<(string Operation, StepPass Pass), TimeSpan> Sums => _sums;

    /// <summary>Adds the time from <paramref name="start"/>, a <see cref="Stopwatch"/> timestamp, until now.</summary>
    public void Add(string operation, StepPass pass, long start) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_sums, (operation, pass), out _) += Stopwatch.GetElapsedTime(start);

    /// <summary>Adds to the sum of an operation's kind, such as <c>Conv2d</c>.</summary>
    internal void Add(Operation operation, StepPass pass, long start) => Add(operation.GetType().Name[..^"Op".Length], pass, start);
}
