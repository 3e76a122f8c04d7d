using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// The transformed weights of a Winograd convolution. They are packed into the workspace for one pass; those of a frozen network's forward
/// pass are kept.
/// </summary>
internal sealed unsafe class WinogradWeights : IDisposable
{
    private readonly Workspace _workspace;
    private readonly WinogradConvolution _kernel;
    private readonly Action<int> _packBlock;
    private readonly Action<int> _packBackwardDataBlock;
    private AlignedBuffer? _kept;

    public WinogradWeights(Workspace workspace, WinogradConvolution kernel, Parameter weight)
    {
        (_workspace, _kernel) = (workspace, kernel);
        _packBlock = block => _kernel.PackWeights(block, weight.Value, Forward);
        _packBackwardDataBlock = block => _kernel.PackBackwardDataWeights(block, weight.Value, _workspace.Weights);
    }

    /// <summary>Weights of the forward pass.</summary>
    public float* Forward => _kept is null ? _workspace.Weights : _kept.Pointer;

    public void Dispose() => _kept?.Dispose();

    /// <summary>Makes room in the workspace.</summary>
    public void Reserve(bool hasBackwardData)
    {
        _workspace.ReserveWeights(_kernel.WeightLength);
        if (hasBackwardData) _workspace.ReserveWeights(_kernel.BackwardDataWeightLength);
    }

    /// <summary>Packs the weights of the forward pass.</summary>
    public void Pack(WorkerPool pool, bool keep)
    {
        if (keep) _kept ??= new(_kernel.WeightLength);
        pool.Run(_kernel.Shape.FilterBlocks, _packBlock);
    }

    /// <summary>Packs the weights of the backward-data pass into the workspace.</summary>
    public void PackBackwardData(WorkerPool pool) => pool.Run(_kernel.BackwardDataBlocks, _packBackwardDataBlock);
}
