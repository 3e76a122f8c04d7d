using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels;

/// <summary>
/// The pairs of channels that blocks of filters read. What four tiles have of a pair at a row of four positions lies in one cache line.
/// </summary>
internal sealed unsafe class PairLines
{
    /// <summary>Elements of a line: [position][tile].</summary>
    public const int Length = Positions * Int8RowWinograd.Tiles;

    private const int Positions = 4;
    private const int Together = 4; // pairs of a block of channels that are filled together
    private const int TableLength = Together * Int8RowWinograd.Tiles * 2;

    private readonly Dictionary<(int Block, int Order, int Place), int> _indices = [];
    private readonly List<int> _blocks = []; // of each four lines
    private readonly AlignedArray<short> _tables; // of each four lines: where their channels are, [pair][tile][2]

    /// <summary>Plans the lines.</summary>
    /// <param name="pairs">The pairs. Those of the same channels share a line.</param>
    public PairLines(IEnumerable<MapPair> pairs)
    {
        var groups = pairs.Select(KeyOf).Distinct().Order().GroupBy(key => key.Block).SelectMany(block => block.Chunk(Together)).ToArray();
        _tables = new(groups.Length * TableLength);
        foreach (var group in groups)
        {
            var table = _tables.Span[(_blocks.Count * TableLength)..];
            for (var i = 0; i < group.Length; i++)
            {
                _indices[group[i]] = Count + i;
                var (first, second) = ChannelPairs.ChannelsAt(group[i].Order, group[i].Place);
                for (var tile = 0; tile < Int8RowWinograd.Tiles; tile++)
                {
                    var at = (i * Int8RowWinograd.Tiles + tile) * 2;
                    (table[at], table[at + 1]) = ((short)(tile * Layout.Block + first), (short)(tile * Layout.Block + second));
                }
            }

            _blocks.Add(group[0].Block);
        }
    }

    /// <summary>Number of lines.</summary>
    public int Count => _blocks.Count * Together;

    /// <summary>The line of a pair.</summary>
    public int IndexOf(MapPair pair) => _indices[KeyOf(pair)];

    /// <summary>Fills the lines of a row of positions.</summary>
    /// <param name="source">[position][block][tile][16] of 16 bits.</param>
    /// <param name="positionPitch">From one position to the next, in elements of 32 bits.</param>
    /// <param name="blockPitch">From one block of channels to the next.</param>
    /// <param name="lines">[line][position][tile], a pair each.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Fill(int* source, nint positionPitch, nint blockPitch, int* lines)
    {
        var table = _tables.Pointer;
        foreach (var block in _blocks)
        {
            var from = source + block * blockPitch;
            var places = Vector512.Load(table);
            var (a, b) = (PairsOf(from, places), PairsOf(from + positionPitch, places));
            var (c, d) = (PairsOf(from + 2 * positionPitch, places), PairsOf(from + 3 * positionPitch, places));
            // Quarters of vectors are pairs. Two steps bring the four positions of each together.
            var (ab, cd) = (Avx512F.Shuffle4x128(a, b, 0b_01_00_01_00), Avx512F.Shuffle4x128(c, d, 0b_01_00_01_00));
            Avx512F.Shuffle4x128(ab, cd, 0b_10_00_10_00).Store(lines);
            Avx512F.Shuffle4x128(ab, cd, 0b_11_01_11_01).Store(lines + Length);
            (ab, cd) = (Avx512F.Shuffle4x128(a, b, 0b_11_10_11_10), Avx512F.Shuffle4x128(c, d, 0b_11_10_11_10));
            Avx512F.Shuffle4x128(ab, cd, 0b_10_00_10_00).Store(lines + 2 * Length);
            Avx512F.Shuffle4x128(ab, cd, 0b_11_01_11_01).Store(lines + 3 * Length);
            table += TableLength;
            lines += Together * Length;
        }
    }

    /// <summary>What four tiles have of four pairs at a position, [pair][tile].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> PairsOf(int* tiles, Vector512<short> places) =>
        Avx512BW.PermuteVar32x16x2(Vector512.Load((short*)tiles), places, Vector512.Load((short*)tiles + 2 * Layout.Block)).AsInt32();

    private static (int Block, int Order, int Place) KeyOf(MapPair pair) => (pair.Block, pair.Pair.Order, pair.Pair.Place);
}
