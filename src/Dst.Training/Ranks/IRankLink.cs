namespace Dst.Training.Ranks;

/// <summary>How the processes of one training, its ranks, send to each other. All ranks make the same calls in the same order.</summary>
public interface IRankLink
{
    /// <summary>This process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes.</summary>
    int Count { get; }

    /// <summary>Sends to a rank and receives from it at once. It calls with the same lengths the other way round.</summary>
    void Exchange(int partner, ReadOnlySpan<byte> send, Span<byte> receive);
}
