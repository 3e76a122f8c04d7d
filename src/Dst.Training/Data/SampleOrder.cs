using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>One place of a <see cref="SampleOrder"/>.</summary>
/// <param name="Index">Number of the image in its set.</param>
/// <param name="Pass">How often the order has shown this image before. Each time it is augmented anew.</param>
internal readonly record struct Draw(int Index, int Pass);

/// <summary>An endless sequence of the images of a set. Any position can be asked for, so that a run may resume anywhere.</summary>
internal abstract class SampleOrder
{
    /// <summary>The image at a position, from 0.</summary>
    public abstract Draw At(long position);
}

/// <summary>The images as they are numbered.</summary>
internal sealed class NumberedOrder : SampleOrder
{
    public override Draw At(long position) => new((int)position, 0);
}

/// <summary>Pass after pass over <paramref name="count"/> images, each shuffled anew.</summary>
/// <param name="count">Number of images.</param>
/// <param name="seed">Seed of the run.</param>
/// <param name="stream">Tells the orders of a run apart.</param>
internal sealed class ShuffledOrder(int count, long seed, int stream) : SampleOrder
{
    private int _pass = -1;
    private int[] _order = [];

    public override Draw At(long position)
    {
        var (pass, place) = Math.DivRem(position, count);
        if (pass != _pass)
            (_pass, _order) = ((int)pass, new RandomStream(seed, RandomPurpose.Shuffle, pass, stream).NextPermutation(count));
        return new(_order[place], _pass);
    }
}

/// <summary>
/// Each class equally often. In each round every class comes once, in random order. Of each class, its images come pass after pass.
/// </summary>
internal sealed class BalancedOrder : SampleOrder
{
    private readonly int[][] _members;
    private readonly ShuffledOrder _classes;
    private readonly ShuffledOrder[] _images;

    /// <summary>An order of labelled images.</summary>
    /// <param name="samples">The images; classes without one are left out.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="firstStream">Stream of the rounds; the next streams are those of the classes.</param>
    public BalancedOrder(SampleSet samples, long seed, int firstStream)
    {
        var classes = samples.Samples.Index().GroupBy(pair => pair.Item.Label!.Value, pair => pair.Index).OrderBy(members => members.Key);
        _members = [.. classes.Select(members => members.ToArray())];
        _classes = new(_members.Length, seed, firstStream);
        _images = [.. _members.Select((members, i) => new ShuffledOrder(members.Length, seed, firstStream + 1 + i))];
    }

    public override Draw At(long position)
    {
        var (label, round) = _classes.At(position);
        var (place, pass) = _images[label].At(round);
        return new(_members[label][place], pass);
    }
}
