using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dst.Training.Ranks;

namespace Dst.Training.Experiments.Spread;

/// <summary>Letters between this rank and another. One thread makes all calls. Who waits lets the processor rest.</summary>
internal sealed unsafe class RankMail(RankGroup ranks, int partner)
{
    private const int Channel = 0;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly int[] _length = GC.AllocateArray<int>(1, pinned: true);
    private IRankExchange? _incoming;

    /// <summary>Sends a letter.</summary>
    public void Send(Letter letter)
    {
        var bytes = letter.ToBytes();
        var length = bytes.Length;
        Wait(Send(&length, sizeof(int)));
        fixed (byte* first = bytes) Wait(Send(first, length));
    }

    /// <summary>The next letter if it has come, else null.</summary>
    public Letter? TryReceive()
    {
        _incoming ??= Receive(Start(_length), sizeof(int));
        if (!_incoming.HasEnded()) return null;
        _incoming = null;
        var bytes = GC.AllocateUninitializedArray<byte>(_length[0], pinned: true);
        Wait(Receive(Start(bytes), bytes.Length));
        return Letter.Parse(bytes);
    }

    /// <summary>The next letter.</summary>
    public Letter Receive()
    {
        while (true)
        {
            if (TryReceive() is { } letter) return letter;
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
