namespace Dst.Kernels;

/// <summary>The order of what neighbouring blocks of 16 filters keep, by which two blocks load once what both read.</summary>
internal static class PairedLists
{
    /// <summary>The lists of all blocks. In each pair of neighbours what both have comes first; else the order stays.</summary>
    /// <param name="lists">A list for each block.</param>
    /// <param name="key">What is compared.</param>
    public static IEnumerable<T[]> CommonFirst<T>(IEnumerable<T[]> lists, Func<T, int> key) =>
        lists.Chunk(2).SelectMany(pair =>
        {
            var common = pair.Select(list => list.Select(key)).Aggregate((first, second) => first.Intersect(second)).ToHashSet();
            return pair.Select(list => list.OrderBy(item => !common.Contains(key(item))).ToArray());
        });
}
