using Dst.ModelFiles;
using Dst.Report;
using Dst.Report.Runs;

namespace Dst.Cli.Actions;

/// <summary>What the networks of a run take on a board as C source, in floats and in 8-bit integers.</summary>
internal static class BoardTable
{
    /// <summary>A row for each arm, and a line for each size that is not known.</summary>
    public static IEnumerable<Block> Of(RunResults run, CancellationToken cancellation)
    {
        var rows = run.Summary.Arms.Select(arm => Row.Of(arm.Arm, run.Folder, cancellation)).ToList();
        var table = Table.Of(
            rows,
            new("arm", "arm", row => row.Arm) { Alignment = Alignment.Left },
            Bytes("flash", "flash", row => row.Floats?.Sizes?.FlashBytes) with { Meaning = "weights and their places, without code" },
            Bytes("ram", "RAM", row => row.Floats?.Sizes?.ArenaBytes) with { Meaning = "without stack and image" },
            Bytes("int8_flash", "int8 flash", row => row.Integers?.Sizes?.FlashBytes) with { Meaning = "the same in 8-bit integers" },
            Bytes("int8_ram", "int8 RAM", row => row.Integers?.Sizes?.ArenaBytes),
            Bytes("image", "image", row => (row.Floats ?? row.Integers)?.Sizes?.ImageBytes) with { Meaning = "RAM of the caller" });
        yield return table with { Title = "on a board, as C source:" };
        var refusals = rows.Select(row => row.Refusal).OfType<string>().ToList();
        if (refusals.Count > 0) yield return new Lines(refusals);
    }

    private static Column<Row> Bytes(string name, string header, Func<Row, long?> bytes) =>
        new(name, header, row => bytes(row), row => Format.Bytes(bytes(row)!.Value));

    /// <summary>One arm.</summary>
    /// <param name="Arm">Its name.</param>
    /// <param name="Floats">What it takes in floats; null if its network is one of integers.</param>
    /// <param name="Integers">What it takes in integers; null if it has no C source in floats.</param>
    private sealed record Row(string Arm, BoardNeed? Floats, BoardNeed? Integers)
    {
        public string? Refusal =>
            Floats?.Refusal is { } ofFloats ? $"{Arm} has no C source: {ofFloats}"
            : Integers?.Refusal is { } ofIntegers ? $"{Arm} has no C source in 8-bit integers: {ofIntegers}"
            : null;

        public static Row Of(string arm, string folder, CancellationToken cancellation)
        {
            var model = ModelFile.Load(Path.Combine(folder, $"{arm}.safetensors"));
            var own = BoardNeed.Of(model);
            if (model.Int8 is not null) return new(arm, null, own);
            return new(arm, own, own.Sizes is null ? null : BoardNeed.InIntegers(model, cancellation));
        }
    }
}
