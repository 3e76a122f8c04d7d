namespace Dst.Kernels;

public sealed unsafe partial class DirectConvolution
{
    /// <summary>The specification of the forward pass, on blocked activations and canonical weights, with sums in double.</summary>
    internal static void ForwardReference(Conv2dShape s, int images, float* x, float* weights, float* bias, float* y)
    {
        for (var n = 0; n < images; n++, x += s.InputLength, y += s.OutputLength)
        {
            new Span<float>(y, s.OutputLength).Clear();
            for (var o = 0; o < s.Filters; o++)
            {
                for (var oy = 0; oy < s.OutHeight; oy++)
                {
                    for (var ox = 0; ox < s.OutWidth; ox++)
                    {
                        var sum = (double)bias[o];
                        foreach (var (input, weight) in new Window(s, o, oy, ox)) sum += (double)x[input] * weights[weight];
                        y[OutputIndex(s, o, oy, ox)] = (float)sum;
                    }
                }
            }
        }
    }

    /// <summary>The specification of the backward-data pass: each output pixel's gradient goes back to the inputs of its window.</summary>
    internal static void BackwardDataReference(Conv2dShape s, int images, float* dy, float* weights, float* dx, bool accumulate)
    {
        var sums = new double[s.InputLength];
        for (var n = 0; n < images; n++, dx += s.InputLength, dy += s.OutputLength)
        {
            for (var i = 0; i < sums.Length; i++) sums[i] = accumulate ? dx[i] : 0;
            for (var o = 0; o < s.Filters; o++)
            {
                for (var oy = 0; oy < s.OutHeight; oy++)
                {
                    for (var ox = 0; ox < s.OutWidth; ox++)
                    {
                        var gradient = (double)dy[OutputIndex(s, o, oy, ox)];
                        foreach (var (input, weight) in new Window(s, o, oy, ox)) sums[input] += gradient * weights[weight];
                    }
                }
            }

            for (var i = 0; i < sums.Length; i++) dx[i] = (float)sums[i];
        }
    }

    /// <summary>The specification of the backward-weight pass; adds to <paramref name="gradient"/> [O, C/Groups, Kh, Kw].</summary>
    internal static void BackwardWeightReference(
        Conv2dShape s, int firstFilter, int endFilter, int images, float* x, float* dy, float* gradient)
    {
        var sums = new double[s.RowLength];
        for (var o = firstFilter; o < endFilter; o++)
        {
            Array.Clear(sums);
            for (var n = 0; n < images; n++)
            {
                for (var oy = 0; oy < s.OutHeight; oy++)
                {
                    for (var ox = 0; ox < s.OutWidth; ox++)
                    {
                        var g = (double)dy[(long)n * s.OutputLength + OutputIndex(s, o, oy, ox)];
                        foreach (var (input, weight) in new Window(s, o, oy, ox))
                            sums[weight - o * s.RowLength] += g * x[(long)n * s.InputLength + input];
                    }
                }
            }

            for (var i = 0; i < sums.Length; i++) gradient[o * s.RowLength + i] += (float)sums[i];
        }
    }

    private static int OutputIndex(Conv2dShape s, int filter, int row, int column) =>
        ((filter / Layout.Block * s.OutHeight + row) * s.OutWidth + column) * Layout.Block + filter % Layout.Block;

    /// <summary>Enumerates the (blocked input index, canonical weight index) pairs of one output element, padding left out.</summary>
    private ref struct Window(Conv2dShape s, int filter, int row, int column)
    {
        private readonly int _endChannel = (filter / (s.Filters / s.Groups) + 1) * s.ChannelsPerGroup;
        private int _channel = filter / (s.Filters / s.Groups) * s.ChannelsPerGroup;
        private int _ky;
        private int _kx = -1;
        private int _weight = filter * s.RowLength - 1;

        public (int Input, int Weight) Current { get; private set; }

        public readonly Window GetEnumerator() => this;

        public bool MoveNext()
        {
            while (Advance())
            {
                int iy = row * s.Stride - s.Padding + _ky, ix = column * s.Stride - s.Padding + _kx;
                if ((uint)iy >= (uint)s.Height || (uint)ix >= (uint)s.Width) continue;
                var input = ((_channel / Layout.Block * s.Height + iy) * s.Width + ix) * Layout.Block + _channel % Layout.Block;
                Current = (input, _weight);
                return true;
            }

            return false;
        }

        /// <summary>Goes to the next weight of the filter, counting: a division for each would take most of the time.</summary>
        private bool Advance()
        {
            _weight++;
            if (++_kx < s.KernelWidth) return true;
            _kx = 0;
            if (++_ky < s.KernelHeight) return true;
            _ky = 0;
            return ++_channel < _endChannel;
        }
    }
}
