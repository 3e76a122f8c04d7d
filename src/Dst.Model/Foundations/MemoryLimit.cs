namespace Dst.Foundations;

/// <summary>Refuses what cannot fit into the machine's memory before memory is taken for it.</summary>
internal static class MemoryLimit
{
    /// <summary>Compares what is needed with all memory of the machine, or of the container.</summary>
    /// <param name="bytes">Lower bound of the memory that will be taken.</param>
    /// <param name="what">What needs it, in the plural.</param>
    /// <param name="remedy">What the user can do.</param>
    /// <exception cref="InputException">It is more than there is.</exception>
    public static void Check(double bytes, string what, string remedy)
    {
        const double mebibyte = 1 << 20;
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > available)
            throw new InputException(
                Invariant($"{what} need {bytes / mebibyte:F0} MB or more and the machine has {available / mebibyte:F0} MB; {remedy}"));
    }
}
