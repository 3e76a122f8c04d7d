using System.Text.Json;

namespace Dst.Training.Experiments.Spread;

/// <summary>What a message says.</summary>
internal enum RankMessageKind
{
    /// <summary>From a rank: it has nothing to do. To a rank: there is nothing more to do.</summary>
    Idle,

    /// <summary>To a rank: make an item from these files.</summary>
    Make,

    /// <summary>From a rank: the state of the item that it makes. It waits for no answer.</summary>
    Checkpoint,

    /// <summary>From a rank: the files of a finished item.</summary>
    Done,

    /// <summary>From a rank: an item has failed for a reason.</summary>
    Failed,

    /// <summary>From a rank: it was asked to end, and these files have the state of its item.</summary>
    Cancelled,
}

/// <summary>A message between rank 0 and another about an item.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Item">Number of the item, −1 if it is of none.</param>
internal sealed record RankMessage(RankMessageKind Kind, int Item = -1)
{
    /// <summary>Seed of the item's run.</summary>
    public long Seed { get; init; }

    /// <summary>The item's arm.</summary>
    public string Arm { get; init; } = "";

    /// <summary>Why it has failed.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What it has logged.</summary>
    public IReadOnlyList<string> Log { get; init; } = [];

    /// <summary>Files by name.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>As bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <summary>From bytes.</summary>
    public static RankMessage Parse(byte[] bytes) => JsonSerializer.Deserialize<RankMessage>(bytes)!;
}
