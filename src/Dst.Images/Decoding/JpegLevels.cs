namespace Dst.Images.Decoding;

/// <summary>Which coefficients of a progressive JPEG are not 0 after some of its scans: a refinement has a bit for each of them.</summary>
internal sealed class JpegLevels
{
    private const int MaxComponents = 4; // of a progressive file

    private readonly Dictionary<byte, ulong[]> _levels = [];

    /// <summary>A bit for each coefficient of each block. Null if they are not known.</summary>
    /// <param name="component">Id of the component.</param>
    /// <param name="blocks">How many it has.</param>
    public ulong[]? Of(byte component, long blocks)
    {
        if (_levels.TryGetValue(component, out var levels)) return levels.Length == blocks ? levels : null;
        return _levels.Count < MaxComponents ? _levels[component] = new ulong[blocks] : null;
    }

    /// <summary>Says that a scan of a component could not be followed.</summary>
    public void Forget(byte component) => _levels[component] = [];
}
