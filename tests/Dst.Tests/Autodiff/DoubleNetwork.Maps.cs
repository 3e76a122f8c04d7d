using System.Numerics;
using Dst.Graph;
using Dst.Kernels;

namespace Dst.Tests.Autodiff;

/// <summary>Operations that move values between places of a map.</summary>
internal sealed partial class DoubleNetwork
{
    private void Move(Node node, bool backward)
    {
        var (s, o) = (_shapes[node.Inputs[0]], _shapes[node.Name]);
        var (x, y) = (_values[node.Inputs[0]], _values[node.Name]);
        for (var output = 0; output < y.Length; output++)
        {
            int ix = output % o.Width, iy = output / o.Width % o.Height;
            int c = output / o.Width / o.Height % o.Channels, n = output / o.Width / o.Height / o.Channels;
            var value = 0.0;
            switch (node.Operation)
            {
                case PadOp p: (c, iy, ix, value) = (c - p.ChannelsBefore, iy - p.Top, ix - p.Left, p.Value); break;
                case EdgePadOp p: (iy, ix) = (Inside(iy - p.Top, s.Height, p.Reflects), Inside(ix - p.Left, s.Width, p.Reflects)); break;
                case SliceOp p: c += p.Start; break;
                case ChannelShuffleOp p: c = c % p.Groups * (s.Channels / p.Groups) + c / p.Groups; break;
            }

            var isInside = c >= 0 && c < s.Channels && iy >= 0 && iy < s.Height && ix >= 0 && ix < s.Width;
            var position = ((n * s.Channels + c) * s.Height + iy) * s.Width + ix;
            if (!backward) y[output] = isInside ? x[position] : value;
            else if (isInside) _gradients[node.Inputs[0]][position] += _gradients[node.Name][output];
        }
    }

    /// <summary>The place of an axis that stands for one outside: the nearest, or the reflected one.</summary>
    private static int Inside(int place, int extent, bool reflects) =>
        !reflects ? Math.Clamp(place, 0, extent - 1) : place < 0 ? -place : place >= extent ? 2 * extent - 2 - place : place;

    /// <summary>A transposed convolution: each input adds its multiple of the kernel to the output.</summary>
    private void Spread(Node node, ConvTransposeOp c, bool backward)
    {
        var (s, o) = (_shapes[node.Inputs[0]], _shapes[node.Name]);
        var (x, y, w) = (_values[node.Inputs[0]], _values[node.Name], Parameters[$"{node.Name}.weight"]);
        var area = c.KernelHeight * c.KernelWidth;
        for (var output = 0; c.Bias && output < y.Length; output++)
        {
            var channel = output / (o.Height * o.Width) % o.Channels;
            if (backward) Gradients[$"{node.Name}.bias"][channel] += _gradients[node.Name][output];
            else y[output] = Parameters[$"{node.Name}.bias"][channel];
        }

        for (var input = 0; input < x.Length; input++)
        {
            int ix = input % s.Width, iy = input / s.Width % s.Height, plane = input / (s.Height * s.Width);
            for (var i = 0; i < c.OutChannels * area; i++)
            {
                int oy = iy * c.Stride - c.Padding + i % area / c.KernelWidth, ox = ix * c.Stride - c.Padding + i % c.KernelWidth;
                if (oy < 0 || oy >= o.Height || ox < 0 || ox >= o.Width) continue;
                var output = ((plane / s.Channels * o.Channels + i / area) * o.Height + oy) * o.Width + ox;
                var weight = (i / area * s.Channels + plane % s.Channels) * area + i % area;
                if (!backward)
                {
                    y[output] += w[weight] * x[input];
                    continue;
                }

                Gradients[$"{node.Name}.weight"][weight] += x[input] * _gradients[node.Name][output];
                _gradients[node.Inputs[0]][input] += w[weight] * _gradients[node.Name][output];
            }
        }
    }

    private void Enlarge(Node node, UpsampleOp u, bool backward)
    {
        double Weight(int output, int input, int extent, int _) // of an input pixel along one axis: a triangle around each pixel's centre
        {
            if (!u.Bilinear) return output / u.Scale == input ? 1 : 0;
            var place = Math.Clamp((output + 0.5) / u.Scale - 0.5, 0, extent - 1);
            return Math.Max(0, 1 - Math.Abs(place - input));
        }

        MapAxes(node, Weight, backward);
    }

    /// <summary>Spectral pooling along each axis: the inverse transform of the low frequencies of a transform.</summary>
    private void CropSpectrum(Node node, bool backward)
    {
        static double Weight(int output, int input, int extent, int kept) => Enumerable.Range(-(kept / 2), kept)
            .Sum(k => Complex.FromPolarCoordinates(1.0 / extent, 2 * Math.PI * k * ((double)output / kept - (double)input / extent)).Real);
        MapAxes(node, Weight, backward);
    }

    /// <summary>A linear map along rows and columns.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="weightOf">The weight in an output of an input, of so many inputs and outputs of the axis.</param>
    /// <param name="backward">Whether gradients flow.</param>
    private void MapAxes(Node node, Func<int, int, int, int, double> weightOf, bool backward)
    {
        var (s, o) = (_shapes[node.Inputs[0]], _shapes[node.Name]);
        var (x, y) = (_values[node.Inputs[0]], _values[node.Name]);
        double[] Matrix(int extent, int outputs) =>
            [.. Enumerable.Range(0, outputs * extent).Select(i => weightOf(i / extent, i % extent, extent, outputs))];
        var (rows, columns) = (Matrix(s.Height, o.Height), Matrix(s.Width, o.Width));
        for (var output = 0; output < y.Length; output++)
        {
            int ox = output % o.Width, oy = output / o.Width % o.Height, plane = output / o.Width / o.Height;
            for (var pixel = 0; pixel < s.Height * s.Width; pixel++)
            {
                var weight = rows[oy * s.Height + pixel / s.Width] * columns[ox * s.Width + pixel % s.Width];
                var position = plane * s.Height * s.Width + pixel;
                if (!backward) y[output] += weight * x[position];
                else _gradients[node.Inputs[0]][position] += weight * _gradients[node.Name][output];
            }
        }
    }

    private void Pool(Node node, WindowShape w, bool maximum, bool countPadding, bool backward)
    {
        var (s, o) = (_shapes[node.Inputs[0]], _shapes[node.Name]);
        var (x, y) = (_values[node.Inputs[0]], _values[node.Name]);
        for (var output = 0; output < y.Length; output++)
        {
            int ox = output % o.Width, oy = output / o.Width % o.Height, plane = output / o.Width / o.Height;
            var (top, left) = (oy * w.Stride - w.Sides.Top, ox * w.StrideWidth - w.Sides.Left);
            var window = (
                from ky in Enumerable.Range(top, w.KernelHeight)
                from kx in Enumerable.Range(left, w.KernelWidth)
                where ky >= 0 && ky < s.Height && kx >= 0 && kx < s.Width
                select (plane * s.Height + ky) * s.Width + kx).ToArray();
            var largest = window.MaxBy(i => x[i]);
            var rows = Math.Min(top + w.KernelHeight, s.Height + w.Sides.Bottom) - top;
            var columns = Math.Min(left + w.KernelWidth, s.Width + w.Sides.Right) - left;
            var count = countPadding ? rows * columns : window.Length;
            if (!maximum)
            {
                foreach (var i in window)
                {
                    if (backward) _gradients[node.Inputs[0]][i] += _gradients[node.Name][output] / count;
                    else y[output] += x[i] / count;
                }
            }
            else if (backward)
            {
                _gradients[node.Inputs[0]][largest] += _gradients[node.Name][output];
            }
            else
            {
                y[output] = x[largest];
                NoteMargin(x, window.Where(i => x[i] != y[output]).Select(i => y[output] - x[i]));
            }
        }
    }
}
