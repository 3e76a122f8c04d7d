namespace Dst.Training.Ranks;

/// <summary>How the processes of one training, its ranks, send to each other. All ranks make the same calls in the same order.</summary>
public unsafe interface IRankLink
{
    /// <summary>This process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes.</summary>
    int Count { get; }

    /// <summary>
    /// Begins a message to a partner and one from it. The partner makes the same call with the two lengths exchanged. Until both messages
    /// have ended, the caller neither moves nor changes the memory.
    /// </summary>
    /// <param name="partner">The other rank.</param>
    /// <param name="channel">0 to 32767. Messages of one channel arrive in order; those of other channels may overtake them.</param>
    /// <param name="send">What is sent.</param>
    /// <param name="sendLength">Bytes sent.</param>
    /// <param name="receive">Where to receive.</param>
    /// <param name="receiveLength">Bytes received.</param>
    IRankExchange Begin(int partner, int channel, byte* send, int sendLength, byte* receive, int receiveLength);
}

/// <summary>Two messages under way, one in each direction.</summary>
public interface IRankExchange
{
    /// <summary>Whether both have ended. Each call also moves them on.</summary>
    bool HasEnded();
}
