using Dst.Kernels;

namespace Dst.Fuzz;

/// <summary>Something that reads files, with files that it reads.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Corpus">Legal files, or the part of them that is mutated.</param>
/// <param name="Read">Reads the file of a path.</param>
internal sealed record Target(string Name, IReadOnlyList<byte[]> Corpus, Action<string> Read)
{
    /// <summary>Makes a file of a mutated part of it: a header gets its length, an archive is packed.</summary>
    public Func<byte[], byte[]> Frame { get; init; } = part => part;

    /// <summary>Most memory that an input may take on the thread that reads it, in bytes.</summary>
    public long MostBytes { get; init; } = 256L << 20;

    /// <summary>Longest sentence about an input, in characters.</summary>
    public int LongestMessage { get; init; } = 2000;

    /// <summary>The input of a number: the same for the same seed.</summary>
    public byte[] InputOf(long seed, long number)
    {
        var state = SplitMix64.Mix((ulong)seed * SplitMix64.GoldenGamma + (ulong)number);
        return Frame(Mutator.Mutate(Corpus, new Random((int)(state >> 32))));
    }
}
