using Dst.Cli.Bench;
using Dst.Interop.CSource;
using Dst.Report;

namespace Dst.Cli.Actions;

/// <summary>What a network takes on a board as C source.</summary>
/// <param name="Sizes">Flash and RAM, without code and stack, or null if they are not known.</param>
/// <param name="Refusal">Why they are not, or null.</param>
internal sealed record BoardNeed(CSourceSizes? Sizes, string? Refusal)
{
    /// <summary>What a model takes as it is.</summary>
    public static BoardNeed Of(Model model) => Of(() => model);

    /// <summary>What a model of floats takes in 8-bit integers. The sizes do not depend on the ranges, so that random images do.</summary>
    public static BoardNeed InIntegers(Model model, CancellationToken cancellation) => Of(() => RandomModel.Quantised(model, cancellation));

    /// <inheritdoc/>
    public override string ToString() => Sizes is null ? $"no C source: {Refusal}"
        : $"{Format.Bytes(Sizes.FlashBytes)} of flash and {Format.Bytes(Sizes.ArenaBytes)} of RAM as C source, without code, stack "
            + $"and the image of {Format.Bytes(Sizes.ImageBytes)}";

    private static BoardNeed Of(Func<Model> model)
    {
        try
        {
            return new(CSourceExport.SizesOf(model()), null);
        }
        catch (InputException e)
        {
            return new(null, e.Message);
        }
    }
}
