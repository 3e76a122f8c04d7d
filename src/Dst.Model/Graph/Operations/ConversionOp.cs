namespace Dst.Graph;

/// <summary>Floats to bytes or back. No network has it: lowering inserts it where the type of elements changes.</summary>
internal sealed record ConversionOp : Operation;
