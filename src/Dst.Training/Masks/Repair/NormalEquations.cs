using Dst.Kernels;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// The least-squares problem of a layer. For each filter it asks for the weights w, and the intercept if there is one, that bring w·x
/// nearest to the target y:
/// <code>
/// E(w) = wᵀHw − 2wᵀb + c        H = X·Xᵀ,  b = X·y,  c = y·y, of values less their means if there is an intercept
/// </code>
/// </summary>
internal sealed unsafe class NormalEquations
{
    private readonly double[] _inputs; // H, [Size, Size]
    private readonly double[] _inputMeans;
    private readonly double[] _targetMeans;
    private readonly double[][] _cross; // b of each filter
    private readonly double[] _squares; // c of each filter
    private readonly bool _hasIntercept;

    /// <summary>Reads the sums of a layer.</summary>
    /// <param name="gram">The sums.</param>
    /// <param name="shape">The layer.</param>
    /// <param name="hasIntercept">Whether a constant can be added to each filter's output.</param>
    public NormalEquations(GramMatrix gram, Conv2dShape shape, bool hasIntercept)
    {
        (Size, Filters, _hasIntercept) = (shape.RowLength, gram.Filters, hasIntercept);
        _inputs = new double[(long)Size * Size];
        (_inputMeans, _targetMeans) = (new double[Size], new double[Filters]);
        (_cross, _squares) = (new double[Filters][], new double[Filters]);
        for (var i = 0; i < Size; i++)
        {
            if (hasIntercept) _inputMeans[i] = gram.Input(i) / gram.Count;
            for (var j = 0; j <= i; j++)
            {
                var product = gram.Inputs(i, j) - gram.Count * _inputMeans[i] * _inputMeans[j];
                _inputs[(long)i * Size + j] = _inputs[(long)j * Size + i] = product;
            }
        }

        SetTargets(gram);
    }

    /// <summary>Weights of a filter.</summary>
    public int Size { get; }

    /// <summary>Filters of the layer, or of a group of it.</summary>
    public int Filters { get; }

    /// <summary>Mean of the diagonal of H.</summary>
    public double MeanSquare => Enumerable.Range(0, Size).Average(i => _inputs[(long)i * Size + i]);

    /// <summary>E(0) of a filter.</summary>
    public double TargetSquare(int filter) => _squares[filter];

    /// <summary>Reads the sums with the targets again.</summary>
    public void SetTargets(GramMatrix gram)
    {
        for (var filter = 0; filter < Filters; filter++)
        {
            var mean = _targetMeans[filter] = _hasIntercept ? gram.Target(filter) / gram.Count : 0;
            _squares[filter] = gram.TargetSquare(filter) - gram.Count * mean * mean;
            var cross = _cross[filter] = new double[Size];
            for (var i = 0; i < Size; i++) cross[i] = gram.Cross(filter, i) - gram.Count * mean * _inputMeans[i];
        }
    }

    /// <summary>E(w) of a filter with its best intercept.</summary>
    public double Error(int filter, double[] weights)
    {
        var error = _squares[filter];
        fixed (double* h = _inputs, w = weights)
        {
            for (var i = 0; i < Size; i++)
            {
                if (w[i] != 0) error += w[i] * (CholeskyFactor.Dot(h + (long)i * Size, w, Size) - 2 * _cross[filter][i]);
            }
        }

        return error;
    }

    /// <summary>The intercept that goes best with a filter's weights; 0 if there is none.</summary>
    public double Intercept(int filter, double[] weights)
    {
        var intercept = _targetMeans[filter];
        for (var i = 0; i < Size; i++) intercept -= weights[i] * _inputMeans[i];
        return intercept;
    }

    /// <summary>The factor of H + λI over some positions.</summary>
    public CholeskyFactor Factor(int[] positions, double ridge)
    {
        var n = positions.Length;
        var matrix = new double[(long)n * n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++) matrix[(long)i * n + j] = _inputs[(long)positions[i] * Size + positions[j]];
            matrix[(long)i * n + i] += ridge;
        }

        return new(matrix, n);
    }

    /// <summary>The weights that minimise E(w) + λ·‖w − w₀‖² where only those at some positions may differ from 0.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="factor">From <see cref="Factor"/> with these positions and λ.</param>
    /// <param name="positions">Ascending.</param>
    /// <param name="ridge">λ.</param>
    /// <param name="start">w₀.</param>
    public double[] Solve(int filter, CholeskyFactor factor, int[] positions, double ridge, ReadOnlySpan<float> start)
    {
        var kept = new double[positions.Length];
        for (var i = 0; i < kept.Length; i++) kept[i] = _cross[filter][positions[i]] + ridge * start[positions[i]];
        factor.Solve(kept);
        var weights = new double[Size];
        for (var i = 0; i < kept.Length; i++) weights[positions[i]] = kept[i];
        return weights;
    }
}
