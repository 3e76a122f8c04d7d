namespace Dst.Interop.Onnx.Reading;

/// <summary>Limits the values that an import computes, so that a small file cannot ask for much memory.</summary>
/// <param name="valuesInFile">Elements of all constants of the file.</param>
internal sealed class MemoryBudget(long valuesInFile)
{
    // A dilated kernel may grow by much in a small network, but the constants of a large one may not.
    private readonly long _most = (1 << 20) + Math.Max(4 * valuesInFile, Math.Min(64 * valuesInFile, 1 << 26));
    private long _taken;

    /// <summary>Asks for the memory of <paramref name="count"/> more values.</summary>
    /// <exception cref="InputException">They are too many.</exception>
    public void Take(long count)
    {
        _taken += count;
        if (_taken > _most)
            throw new InputException(
                $"needs more than {_most} values to be computed from its {valuesInFile} constants; fewer were expected");
    }
}
