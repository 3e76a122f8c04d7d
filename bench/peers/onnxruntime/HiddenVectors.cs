using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

/// <summary>
/// Hides AVX-512 and AMX from a library while it asks the processor what it can do (Linux on x86-64). The kernel can make the instruction
/// CPUID a fault for a thread and those that it starts, where /proc/cpuinfo has <c>cpuid_fault</c>. A handler of the fault answers.
/// </summary>
internal static unsafe partial class HiddenVectors
{
    // asm/unistd_64.h and asm/prctl.h
    private const nint ArchPrctl = 158;
    private const nint SetCpuid = 0x1012;

    // signal.h: SIGSEGV, SA_SIGINFO, the bytes of struct sigaction and the offset of its flags
    private const int SegmentationFault = 11;
    private const int WithRegisters = 4;
    private const int ActionBytes = 152;
    private const int FlagsOffset = 136;

    // sys/ucontext.h: offsets of saved registers in ucontext_t
    private const int Rbx = 128;
    private const int Rdx = 136;
    private const int Rax = 144;
    private const int Rcx = 152;
    private const int Rip = 168;

    // Bits of leaf 7 and of its subleaf 1, as Intel's manual numbers them
    private static readonly int Avx512InEbx = Bits(16, 17, 21, 26, 27, 28, 30, 31);
    private static readonly int Avx512InEcx = Bits(1, 6, 11, 12, 14);
    private static readonly int Avx512AndAmxInEdx = Bits(2, 3, 8, 22, 23, 24, 25);
    private static readonly int Avx512AndAmxInEax1 = Bits(5, 21);
    private static readonly int AmxAndAvx10InEdx1 = Bits(8, 19);

    private static readonly byte[] Runtimes = new byte[ActionBytes];

    /// <summary>
    /// Does something while they are hidden from this thread. False where that cannot be: nothing was done. A thread that it starts must
    /// not ask later, when nothing answers.
    /// </summary>
    public static bool While(Action action)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || !LetCpuid(true)) return false;
        var ours = new byte[ActionBytes];
        BitConverter.TryWriteBytes(ours, (long)(nint)(delegate* unmanaged[Cdecl]<int, void*, byte*, void>)&Answer);
        BitConverter.TryWriteBytes(ours.AsSpan(FlagsOffset), WithRegisters);
        sigaction(SegmentationFault, ours, Runtimes);
        try
        {
            if (!LetCpuid(false)) return false;
            action();
            return true;
        }
        finally
        {
            LetCpuid(true);
            sigaction(SegmentationFault, Runtimes, null);
        }
    }

    private static bool LetCpuid(bool run) => syscall(ArchPrctl, SetCpuid, run ? 1 : 0) == 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Answer(int signal, void* info, byte* context)
    {
        ref var next = ref *(byte**)(context + Rip);
        if (next[0] != 0x0F || next[1] != 0xA2) // another fault of native code: it comes again, to the runtime
        {
            sigaction(SegmentationFault, Runtimes, null);
            return;
        }

        LetCpuid(true);
        var (leaf, subleaf) = (*(int*)(context + Rax), *(int*)(context + Rcx));
        var (eax, ebx, ecx, edx) = Hide(leaf, subleaf, X86Base.CpuId(leaf, subleaf));
        *(long*)(context + Rax) = (uint)eax;
        *(long*)(context + Rbx) = (uint)ebx;
        *(long*)(context + Rcx) = (uint)ecx;
        *(long*)(context + Rdx) = (uint)edx;
        next += 2;
        LetCpuid(false);
    }

    private static (int Eax, int Ebx, int Ecx, int Edx) Hide(int leaf, int subleaf, (int Eax, int Ebx, int Ecx, int Edx) found) =>
        (leaf, subleaf) switch
        {
            (7, 0) => (found.Eax, found.Ebx & ~Avx512InEbx, found.Ecx & ~Avx512InEcx, found.Edx & ~Avx512AndAmxInEdx),
            (7, 1) => (found.Eax & ~Avx512AndAmxInEax1, found.Ebx, found.Ecx, found.Edx & ~AmxAndAvx10InEdx1),
            _ => found,
        };

    private static int Bits(params ReadOnlySpan<int> bits)
    {
        var mask = 0;
        foreach (var bit in bits) mask |= 1 << bit;
        return mask;
    }

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint first, nint second);

    [LibraryImport("libc")]
    private static partial int sigaction(int signal, byte[] action, [Out] byte[]? previous);
}
