using System.Numerics;
using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Simulates SAR chips of vehicles. A target is seen from a random aspect angle. Its point scatterers are added coherently to a rough
/// body and to clutter, so that the amplitude of every pixel has multiplicative (Rayleigh) speckle. A radar shadow lies behind the
/// target. Range runs down the chip.
/// </summary>
/// <remarks>
/// A class is its length, width, height and the positions, strengths and directions of its scatterers; a share of the scatterers is
/// common to all classes. Each chip draws anew the aspect angle, position, dropped scatterers, strengths, phases and clutter.
/// </remarks>
internal sealed class ChipSimulator
{
    private const int ScattererCount = 16;
    private const int SpreadRadius = 3;

    // Standard deviation in pixels of the point spread function.
    private const double Spread = 0.85;

    // Clutter has a mean power of 1; an amplitude of FullScale becomes the sample 255 and larger ones saturate.
    private const double FullScale = 14;
    private const double BodyAmplitude = 1.4;
    private const double ShadowAmplitude = 0.35;

    private readonly SimulatedOptions _options;
    private readonly Target[] _targets;

    /// <summary>Draws the targets.</summary>
    public ChipSimulator(SimulatedOptions options)
    {
        _options = options;
        var common = DrawTarget(options.Classes);
        var shared = (int)Math.Round(ScattererCount * (0.1 + 0.5 * options.Difficulty));
        _targets = new Target[options.Classes];
        for (var i = 0; i < _targets.Length; i++)
        {
            _targets[i] = DrawTarget(i);
            Array.Copy(common.Scatterers, _targets[i].Scatterers, shared);
        }
    }

    /// <summary>One 8-bit chip; the same for the same class and number.</summary>
    public Image Simulate(int label, int number)
    {
        var target = _targets[label];
        var random = new RandomStream(_options.Seed, RandomPurpose.Simulate, 1 + label, number);
        var size = _options.Size;
        var (sin, cos) = Math.SinCos(random.NextDouble(0, 2 * Math.PI));
        var pose = new Pose(sin, cos, size * 0.5 + random.NextDouble(-2, 2), size * 0.5 + random.NextDouble(-2, 2));
        var field = new Complex[size * size];
        AddBackground(field, target, pose, ref random);
        foreach (var scatterer in target.Scatterers) AddScatterer(field, scatterer, pose, ref random);

        var samples = new byte[field.Length];
        for (var i = 0; i < samples.Length; i++) samples[i] = (byte)Math.Min(255, field[i].Magnitude * (255 / FullScale) + 0.5);
        return new(1, size, size, 8, samples);
    }

    private Target DrawTarget(int label)
    {
        var random = new RandomStream(_options.Seed, RandomPurpose.Simulate, 0, label);
        var contrast = 1 - 0.7 * _options.Difficulty;
        double Around(double value, double variation) => _options.Size * value * (1 + contrast * variation * random.NextDouble(-1, 1));
        var length = Around(0.36, 0.25);
        var width = Around(0.18, 0.25);
        var shadow = Around(0.2, 0.4);
        var scatterers = new Scatterer[ScattererCount];
        for (var i = 0; i < scatterers.Length; i++)
        {
            var strength = Math.Exp(0.5 * random.NextNormal());
            var (u, v) = (random.NextDouble(-0.5, 0.5) * length, random.NextDouble(-0.5, 0.5) * width);
            scatterers[i] = new(u, v, strength, random.NextDouble(0, 2 * Math.PI));
        }

        return new(length, width, shadow, scatterers);
    }

    // Clutter, the target's rough body and its shadow: complex normal with the power of what lies there.
    private void AddBackground(Complex[] field, Target target, Pose pose, ref RandomStream random)
    {
        var size = _options.Size;
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                var (u, v) = pose.ToTarget(x, y);
                var amplitude = target.Covers(u, v) ? BodyAmplitude : target.Shades(u, v, pose) ? ShadowAmplitude : 1;
                var radius = amplitude * Math.Sqrt(-Math.Log(1 - random.NextDouble()));
                field[y * size + x] = Complex.FromPolarCoordinates(radius, 2 * Math.PI * random.NextDouble());
            }
        }
    }

    private void AddScatterer(Complex[] field, Scatterer scatterer, Pose pose, ref RandomStream random)
    {
        var difficulty = _options.Difficulty;
        var dropped = random.NextDouble() < 0.05 + 0.2 * difficulty;
        var jitter = 0.2 + 0.6 * difficulty;
        var (u, v) = (scatterer.U + jitter * random.NextNormal(), scatterer.V + jitter * random.NextNormal());
        var fading = Math.Exp((0.2 + 0.3 * difficulty) * random.NextNormal());
        var phase = Complex.FromPolarCoordinates(1, 2 * Math.PI * random.NextDouble());
        if (dropped) return;

        // A scatterer is bright when it faces the radar, which looks down the chip.
        var facing = Math.Max(0, -(Math.Sin(scatterer.Direction) * pose.Cos + Math.Cos(scatterer.Direction) * pose.Sin));
        var amplitude = scatterer.Strength * fading * (0.4 + facing * facing) * Math.Pow(10, (24 - 12 * difficulty) / 20);
        var (x, y) = pose.ToChip(u, v);
        var size = _options.Size;
        for (var row = (int)Math.Max(0, y - SpreadRadius); row <= Math.Min(size - 1, y + SpreadRadius); row++)
        {
            for (var column = (int)Math.Max(0, x - SpreadRadius); column <= Math.Min(size - 1, x + SpreadRadius); column++)
            {
                var distance = (row - y) * (row - y) + (column - x) * (column - x);
                field[row * size + column] += phase * (amplitude * Math.Exp(-distance / (2 * Spread * Spread)));
            }
        }
    }

    /// <summary>Position on the target in pixels, amplitude, and the direction in which it reflects.</summary>
    private readonly record struct Scatterer(double U, double V, double Strength, double Direction);

    /// <summary>A target's extent in pixels, the length of its shadow, and its scatterers.</summary>
    private sealed record Target(double Length, double Width, double Shadow, Scatterer[] Scatterers)
    {
        public bool Covers(double u, double v) => Math.Abs(u) <= Length / 2 && Math.Abs(v) <= Width / 2;

        // Slab test: a line as long as the shadow, from the pixel towards the radar, meets the target.
        public bool Shades(double u, double v, Pose pose)
        {
            var (near, far) = (0.0, Shadow);
            return Clip(u, -pose.Sin, Length / 2, ref near, ref far) && Clip(v, -pose.Cos, Width / 2, ref near, ref far);
        }

        private static bool Clip(double start, double step, double half, ref double near, ref double far)
        {
            if (Math.Abs(step) < 1e-9) return Math.Abs(start) <= half;
            var (a, b) = ((-half - start) / step, (half - start) / step);
            near = Math.Max(near, Math.Min(a, b));
            far = Math.Min(far, Math.Max(a, b));
            return near <= far;
        }
    }

    /// <summary>Aspect angle and centre of the target in the chip.</summary>
    private readonly record struct Pose(double Sin, double Cos, double CentreX, double CentreY)
    {
        public (double U, double V) ToTarget(double x, double y)
        {
            var (dx, dy) = (x - CentreX, y - CentreY);
            return (Cos * dx + Sin * dy, Cos * dy - Sin * dx);
        }

        public (double X, double Y) ToChip(double u, double v) => (CentreX + Cos * u - Sin * v, CentreY + Sin * u + Cos * v);
    }
}
