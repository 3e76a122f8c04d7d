namespace Dst.Training.Ranks;

/// <summary>How the processes of one training, its ranks, send to each other. All ranks make the same calls in the same order.</summary>
public unsafe interface IRankLink
{
    /// <summary>This process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes.</summary>
    int Count { get; }

    /// <summary>
    /// Begins to send to a rank and to receive from it. It makes the same call with the lengths the other way round. The memory stays where
    /// it is, and as it is, until both have ended.
    /// </summary>
    /// <param name="partner">The other rank.</param>
    /// <param name="channel">From 0 to 32767: messages of one channel arrive in their order, those of others may overtake them.</param>
    /// <param name="send">What is sent.</param>
    /// <param name="sendLength">Bytes sent.</param>
    /// <param name="receive">Where to receive.</param>
    /// <param name="receiveLength">Bytes received.</param>
    IRankExchange Begin(int partner, int channel, byte* send, int sendLength, byte* receive, int receiveLength);
}

/// <summary>Two messages under way, one in each direction.</summary>
public interface IRankExchange
{
    /// <summary>Whether both have ended. To ask also lets them go on.</summary>
    bool HasEnded();
}
