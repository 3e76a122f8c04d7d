using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dst.Training.Ranks;

namespace Dst.Training.Experiments.Spread;

/// <summary>Sends messages to another rank and receives its own. One thread makes all calls. It sleeps while it waits.</summary>
internal sealed unsafe class RankConnection(RankGroup ranks, int partner)
{
    /// <summary>How long who waits sleeps before looking again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private const int Channel = 0;

    private readonly int[] _length = GC.AllocateArray<int>(1, pinned: true);
    private IRankExchange? _incoming;

    /// <summary>Sends a message.</summary>
    public void Send(RankMessage message)
    {
        var bytes = message.ToBytes();
        var length = bytes.Length;
        Wait(Send(&length, sizeof(int)));
        fixed (byte* first = bytes) Wait(Send(first, length));
    }

    /// <summary>The next message if it has come, else null.</summary>
    public RankMessage? TryReceive()
    {
        _incoming ??= Receive(Start(_length), sizeof(int));
        if (!_incoming.HasEnded()) return null;
        _incoming = null;
        var bytes = GC.AllocateUninitializedArray<byte>(_length[0], pinned: true);
        Wait(Receive(Start(bytes), bytes.Length));
        return RankMessage.Parse(bytes);
    }

    /// <summary>The next message.</summary>
    public RankMessage Receive()
    {
        while (true)
        {
            if (TryReceive() is { } message) return message;
            Thread.Sleep(Pause);
        }
    }

    private static void Wait(IRankExchange exchange)
    {
        while (!exchange.HasEnded()) Thread.Sleep(Pause);
    }

    private static T* Start<T>(T[] pinned) where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    private IRankExchange Send(void* bytes, int length) => ranks.Begin(partner, Channel, (byte*)bytes, length, null, 0);

    private IRankExchange Receive(void* bytes, int length) => ranks.Begin(partner, Channel, null, 0, (byte*)bytes, length);
}
