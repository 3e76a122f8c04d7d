using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Joins maps along their channels: one call for each input, in the order of the channels.</summary>
public static unsafe class Concat
{
    /// <summary>
    /// Copies x to the channels of y from <paramref name="firstChannel"/> on. The lanes after them in their last block become
    /// zero, so calls must come in the order of the channels.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Number of images N.</param>
    /// <param name="channels">Channels C of x.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="firstChannel">Where x begins in y.</param>
    /// <param name="totalChannels">Channels of y.</param>
    /// <param name="y">[N, totalChannels/16, H, W, 16].</param>
    public static void Forward(SimdTier tier, float* x, int images, int channels, int pixels, int firstChannel, int totalChannels, float* y)
    {
        CheckRange(images, channels, pixels, firstChannel, totalChannels);
        for (var n = 0; n < images; n++)
        {
            var source = x + n * Layout.ImageLength(channels, pixels);
            var destination = y + n * Layout.ImageLength(totalChannels, pixels)
                + firstChannel / Layout.Block * Layout.ImageLength(Layout.Block, pixels);
            if (firstChannel % Layout.Block == 0)
                Elementwise.Copy(tier, source, Layout.ImageLength(channels, pixels), destination, accumulate: false);
            else Insert(source, channels, pixels, firstChannel % Layout.Block, destination);
        }
    }

    /// <summary>The gradient of one input: the channels of dy from <paramref name="firstChannel"/> on.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="dy">[N, totalChannels/16, H, W, 16].</param>
    /// <param name="images">Number of images N.</param>
    /// <param name="totalChannels">Channels of dy.</param>
    /// <param name="firstChannel">Where the input begins in dy.</param>
    /// <param name="channels">Channels C of the input.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="dx">[N, C/16, H, W, 16].</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void Backward(
        SimdTier tier, float* dy, int images, int totalChannels, int firstChannel, int channels, int pixels, float* dx, bool accumulate)
    {
        CheckRange(images, channels, pixels, firstChannel, totalChannels);
        var wholeBlocks = firstChannel % Layout.Block == 0 && channels % Layout.Block == 0;
        for (var n = 0; n < images; n++)
        {
            var source = dy + n * Layout.ImageLength(totalChannels, pixels)
                + firstChannel / Layout.Block * Layout.ImageLength(Layout.Block, pixels);
            var destination = dx + n * Layout.ImageLength(channels, pixels);
            if (wholeBlocks) Elementwise.Copy(tier, source, Layout.ImageLength(channels, pixels), destination, accumulate);
            else Extract(source, firstChannel % Layout.Block, channels, pixels, destination, accumulate);
        }
    }

    /// <summary>Copies channels 0 … of a blocked image to lanes firstLane … of another, with zeros after the last.</summary>
    private static void Insert(float* source, int channels, int pixels, int firstLane, float* destination)
    {
        for (var c = 0; c < Layout.PaddedChannels(firstLane + channels) - firstLane; c++)
        {
            var to = ChannelOf(destination, firstLane + c, pixels);
            var from = ChannelOf(source, c, pixels);
            for (var p = 0L; p < pixels; p++) to[p * Layout.Block] = c < channels ? from[p * Layout.Block] : 0;
        }
    }

    /// <summary>Copies lanes firstLane … of a blocked image to channels 0 … of another, with zeros after the last.</summary>
    private static void Extract(float* source, int firstLane, int channels, int pixels, float* destination, bool accumulate)
    {
        for (var c = 0; c < Layout.PaddedChannels(channels); c++)
        {
            var to = ChannelOf(destination, c, pixels);
            var from = ChannelOf(source, firstLane + c, pixels);
            for (var p = 0L; p < pixels; p++)
                to[p * Layout.Block] = c < channels ? from[p * Layout.Block] + (accumulate ? to[p * Layout.Block] : 0) : 0;
        }
    }

    private static float* ChannelOf(float* image, int channel, int pixels) =>
        image + Layout.FirstPixelOf(channel, pixels);

    private static void CheckRange(int images, int channels, int pixels, int firstChannel, int totalChannels)
    {
        Check.Images(images, channels, pixels);
        if (firstChannel < 0 || firstChannel + channels > totalChannels)
            throw new ArgumentException(
                Invariant($"channels {firstChannel} to {firstChannel + channels} are not among {totalChannels}"), nameof(firstChannel));
    }
}
