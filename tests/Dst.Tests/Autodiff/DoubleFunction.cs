using Dst.Graph;

namespace Dst.Tests.Autodiff;

/// <summary>A function of one value in double precision, its derivative, and the points where the derivative jumps.</summary>
internal sealed record DoubleFunction(Func<double, double> Value, Func<double, double> Slope, params double[] Kinks)
{
    /// <summary>The function of an element-wise operation.</summary>
    public static DoubleFunction Of(Operation operation) => operation switch
    {
        LeakyReluOp l => new(x => x > 0 ? x : l.Slope * x, x => x > 0 ? 1 : l.Slope, 0),
        EluOp e => new(x => x > 0 ? x : e.Alpha * (Math.Exp(x) - 1), x => x > 0 ? 1 : e.Alpha * Math.Exp(x), 0),
        ClipOp c => new(x => Math.Clamp(x, c.Min, c.Max), x => x > c.Min && x < c.Max ? 1 : 0, c.Min, c.Max),
        SigmoidOp => new(Sigmoid, x => Sigmoid(x) * Sigmoid(-x)),
        HardSigmoidOp { Alpha: var a, Beta: var b } => new(
            x => Math.Clamp(a * x + b, 0, 1), x => a * x + b is > 0 and < 1 ? a : 0, -b / a, (1 - b) / a),
        HardSwishOp => new(x => x * Math.Clamp(x / 6 + 0.5, 0, 1), x => x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5, -3, 3),
        TanhOp => new(Math.Tanh, x => 1 / Math.Pow(Math.Cosh(x), 2)),
        GeluOp { Approximate: true } => Numeric(x => x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))) / 2),
        GeluOp => Numeric(x => x * (1 + Erf(x / Math.Sqrt(2))) / 2),
        SiluOp => Numeric(x => x * Sigmoid(x)),
        MishOp => Numeric(x => x * Math.Tanh(Math.Log(1 + Math.Exp(x)))),
        _ => throw new ArgumentException($"{operation} is no function of single elements", nameof(operation)),
    };

    /// <summary>A smooth function with a derivative from differences of fourth order.</summary>
    private static DoubleFunction Numeric(Func<double, double> f)
    {
        const double step = 1e-3;
        return new(f, x => (8 * (f(x + step) - f(x - step)) - (f(x + 2 * step) - f(x - 2 * step))) / (12 * step));
    }

    /// <summary>erf as its Taylor series, for arguments up to about 5.</summary>
    private static double Erf(double x)
    {
        double sum = 0, term = x;
        for (var n = 0; n < 200; n++)
        {
            sum += term / (2 * n + 1);
            term *= -x * x / (n + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
