using Dst.Graph;
using Dst.Kernels;
using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Ranks;

namespace Dst.Training.Masks.Repair;

/// <summary>A layer fitted to the dense network.</summary>
/// <param name="Weights">Weights, 0 where the mask prunes.</param>
/// <param name="Intercepts">What is added to each filter's output, [O]; 0 where nothing can be added.</param>
/// <param name="Mask">Its mask, or null if it is dense.</param>
/// <param name="Error">Share of the targets' squares, about their means, that the layer misses.</param>
internal sealed record FittedLayer(float[] Weights, float[] Intercepts, LayerMask? Mask, double Error);

/// <summary>
/// Fits the weights that a layer keeps by least squares. Each filter has its minimum of
/// <code>
/// ‖w·X − y‖² + λ·‖w − w₀‖²        X: what the halved network gives the layer, w₀: the dense weights
/// </code>
/// with its <see cref="LayerGoal"/> as y. Filters that share a mask share a factorisation.
/// </summary>
internal sealed unsafe class LayerFit
{
    /// <summary>How often targets are set anew where a ReLU follows. Each time the error falls, less and less.</summary>
    private const int Rectifications = 2;

    private const double LeastRidge = 1e-9; // of the mean square of the inputs: inputs that depend on each other leave the weights open
    private const double NoInputs = 1e-12; // for a layer whose inputs are all 0

    private readonly LinearPath _path;
    private readonly Conv2dShape _shape;
    private readonly LayerGoal _goal;
    private readonly NetworkWalk _halved;
    private readonly WorkerPool _pool;
    private readonly RankGroup _ranks;
    private readonly float[] _start; // w₀
    private readonly GramMatrix[] _sums; // of each group of channels
    private readonly NormalEquations[] _equations;
    private readonly double _ridge;

    /// <summary>Sums what the fit needs.</summary>
    /// <param name="path">The layer and what follows it.</param>
    /// <param name="shape">The layer as a convolution.</param>
    /// <param name="goal">Its targets.</param>
    /// <param name="halved">The halved network, computed up to the layer's input.</param>
    /// <param name="start">The dense weights.</param>
    /// <param name="ridge">λ is this times the mean square of the inputs, summed over the weights of a filter.</param>
    /// <param name="compute">Threads and ranks.</param>
    public LayerFit(
        LinearPath path, Conv2dShape shape, LayerGoal goal, NetworkWalk halved, float[] start, double ridge, ComputeContext compute)
    {
        (_path, _shape, _goal, _halved, _start, _pool, _ranks) = (path, shape, goal, halved, start, compute.Pool, compute.Ranks);
        _sums = [.. Enumerable.Range(0, shape.Groups).Select(group => new GramMatrix(shape, group))];
        Sum(targetsOnly: false);
        _equations = Array.ConvertAll(_sums, sums => new NormalEquations(sums, shape, path.HasIntercept));
        _ridge = ridge * shape.RowLength / ((double)halved.Images * shape.OutHeight * shape.OutWidth);
    }

    /// <summary>Whether the weights of an operation can be fitted.</summary>
    public static bool Fits(Operation operation) => operation is Conv2dOp or LinearOp;

    /// <summary>What a layer whose weights can be fitted computes, as a convolution.</summary>
    public static Conv2dShape ShapeOf(Operation operation, FeatureShape input) => operation is Conv2dOp convolution
        ? convolution.ShapeFor(input)
        : new(input.Channels, 1, 1, ((LinearOp)operation).OutFeatures, 1, 1);

    /// <summary>Chooses the mask by <see cref="OptimalBrainSurgeon"/>.</summary>
    /// <param name="outline">Pattern, and how many weights an unstructured mask keeps.</param>
    public LayerMask Choose(LayerMask outline)
    {
        var equations = _equations[0];
        int[] all = [.. Enumerable.Range(0, equations.Size)];
        var ridge = RidgeOf(equations);
        var factor = equations.Factor(all, ridge);
        var weights = new double[equations.Filters][];
        for (var filter = 0; filter < weights.Length; filter++)
        {
            double scale = _goal.Scale[filter];
            weights[filter] = Array.ConvertAll(equations.Solve(filter, factor, all, ridge, StartOf(filter)), w => scale * w);
        }

        return OptimalBrainSurgeon.Choose(outline, factor.Invert(), weights, _pool, _ranks);
    }

    /// <summary>Fits the kept weights.</summary>
    /// <param name="mask">What is kept, or null for all.</param>
    public FittedLayer Fit(LayerMask? mask)
    {
        var targetSquares = TargetSquares();
        var solution = Solve(mask);
        for (var i = 0; i < (_path.IsRectified ? Rectifications : 0); i++)
        {
            using (var output = _halved.Preview(_path.Layer, solution.Weights, solution.Intercepts)) _goal.Rectify(output);
            Sum(targetsOnly: true);
            for (var group = 0; group < _sums.Length; group++) _equations[group].SetTargets(_sums[group]);
            solution = Solve(mask);
        }

        var error = targetSquares == 0 ? 0 : solution.Errors.Sum() / targetSquares;
        return new(solution.Weights, solution.Intercepts, mask, error);
    }

    /// <summary>Sums products of the layer's inputs and targets, or only those with a target.</summary>
    private void Sum(bool targetsOnly)
    {
        var input = _halved[_path.Layer.Inputs[0]];
        foreach (var sums in _sums) sums.Add(_pool, input.Pointer, _goal.Targets.Pointer, _halved.Images, targetsOnly, _ranks);
    }

    private double RidgeOf(NormalEquations equations) => Math.Max(_ridge, LeastRidge) * equations.MeanSquare + NoInputs;

    private ReadOnlySpan<float> StartOf(int filter) => _start.AsSpan(filter * _shape.RowLength, _shape.RowLength);

    private double SquareOfScale(int filter) => (double)_goal.Scale[filter] * _goal.Scale[filter];

    /// <summary>What the error is a share of: the squares of all targets.</summary>
    private double TargetSquares()
    {
        var sum = 0.0;
        var filters = _shape.Filters / _shape.Groups;
        for (var filter = 0; filter < _shape.Filters; filter++)
        {
            sum += SquareOfScale(filter) * _equations[filter / filters].TargetSquare(filter % filters);
        }

        return sum;
    }

    /// <summary>Solves for all filters. Each rank solves its share of the blocks of each group.</summary>
    private Solution Solve(LayerMask? mask)
    {
        var solution = new Solution(new float[_start.Length], new float[_shape.Filters], new double[_shape.Filters]);
        for (var group = 0; group < _equations.Length; group++)
        {
            var (equations, firstFilter) = (_equations[group], group * _shape.Filters / _shape.Groups);
            var block = mask?.Block ?? equations.Filters;
            var blocks = Layout.CeilDiv(equations.Filters, block);
            var own = _ranks.OwnShareOf(blocks);
            _pool.Run(own.End - own.First, part =>
            {
                var first = (own.First + part) * block;
                SolveBlock(equations, firstFilter, first..Math.Min(equations.Filters, first + block), mask, solution);
            });
            int FirstFilter(int rank) => Math.Min(equations.Filters, _ranks.FirstOf(blocks, rank) * block);
            var filters = new Range(firstFilter, firstFilter + equations.Filters);
            var weights = solution.Weights.AsSpan(firstFilter * equations.Size, equations.Filters * equations.Size);
            _ranks.Gather(weights, rank => FirstFilter(rank) * equations.Size);
            _ranks.Gather(solution.Intercepts.AsSpan(filters), FirstFilter);
            _ranks.Gather(solution.Errors.AsSpan(filters), FirstFilter);
        }

        return solution;
    }

    /// <summary>Solves for the filters of a block, which share a factorisation.</summary>
    /// <param name="equations">Those of the block's group.</param>
    /// <param name="firstFilter">The first filter of the group.</param>
    /// <param name="block">The filters, counted from the first of the group.</param>
    /// <param name="mask">What is kept, or null for all.</param>
    /// <param name="solution">Receives what is found.</param>
    private void SolveBlock(NormalEquations equations, int firstFilter, Range block, LayerMask? mask, Solution solution)
    {
        var (first, end) = (block.Start.Value, block.End.Value);
        var ridge = RidgeOf(equations);
        int[] kept = [.. Enumerable.Range(0, equations.Size).Where(position => mask?.Keeps(first, position) ?? true)];
        var factor = equations.Factor(kept, ridge);
        for (var i = first; i < end; i++)
        {
            var filter = firstFilter + i;
            var weights = equations.Solve(i, factor, kept, ridge, StartOf(filter));
            Array.ConvertAll(weights, w => (float)w).CopyTo(solution.Weights, filter * equations.Size);
            solution.Intercepts[filter] = (float)equations.Intercept(i, weights);
            solution.Errors[filter] = SquareOfScale(filter) * equations.Error(i, weights);
        }
    }

    /// <summary>Weights of the layer, and the intercept and squared error of each filter.</summary>
    private readonly record struct Solution(float[] Weights, float[] Intercepts, double[] Errors);
}
