namespace Dst.Graph;

/// <summary>How an operation computes on bytes.</summary>
internal enum ByteForm
{
    /// <summary>It does not; it runs in floats.</summary>
    None,

    /// <summary>Its output has a scale of its own.</summary>
    Rescales,

    /// <summary>It moves or picks bytes of its input, so that its output has the scale of its input.</summary>
    Moves,
}
