namespace Dst.Graph;

/// <summary>What another order of an operation's input channels does to its output.</summary>
internal enum ChannelOrder
{
    /// <summary>Only some orders are legal, or the output changes in another way.</summary>
    Fixed,

    /// <summary>The output's channels get the same order, if the operation's parameters do.</summary>
    Kept,

    /// <summary>The output stays the same, if the operation's weights get the same order: it sums over all input channels.</summary>
    Summed,
}
