using Dst.Foundations;
using Dst.Masks;
using Dst.ModelFiles;

namespace Dst.Report.Models;

/// <summary>How much a model's compact store saves.</summary>
/// <param name="FileBytes">Bytes of its file.</param>
/// <param name="DenseFileBytes">Bytes that the file would have with every weight in it as a float, the pruned ones too.</param>
/// <param name="MaskBytes">Bytes of the file that say which weights are kept.</param>
/// <seealso cref="LayerTable"/>
public sealed record StoreSize(long FileBytes, long DenseFileBytes, long MaskBytes)
{
    private string Masks => MaskBytes == 0
        ? ""
        : Invariant($"; the masks take {Format.Bytes(MaskBytes)} of it ({100.0 * MaskBytes / FileBytes:F2}%)");

    /// <summary>Measures a model and its file.</summary>
    public static StoreSize Of(Model model, string path)
    {
        var dense = model with { Masks = new Dictionary<string, LayerMask>(), Int8 = null };
        return new(InputFile.LengthOf(path), ModelFile.SizeOf(dense), model.Masks.Values.Sum(LayerRow.MaskBytesOf));
    }

    /// <inheritdoc/>
    public override string ToString() => FileBytes == DenseFileBytes ? Format.Bytes(FileBytes)
        : Invariant($"{Format.Bytes(FileBytes)}, {(double)FileBytes / DenseFileBytes:F3} of {Format.Bytes(DenseFileBytes)} dense") + Masks;
}
