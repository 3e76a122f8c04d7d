using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// How far the inputs of neighbouring pixels of the output lie apart, as a constant of a loop. C# has no numbers as type arguments, so each
/// number is a type.
/// </summary>
internal interface IPixelPitch
{
    /// <summary>Bytes from what a pixel of the output reads to what the next one reads.</summary>
    static abstract int Bytes { get; }
}

/// <summary>The sixteen channels of a block.</summary>
internal readonly struct BlockPitch<T> : IPixelPitch where T : unmanaged, ISumLanes<T>
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Layout.Block / T.Channels * sizeof(int);
    }
}

/// <summary>1 byte.</summary>
internal readonly struct OneByte : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }
}

/// <summary>2 bytes.</summary>
internal readonly struct TwoBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }
}

/// <summary>3 bytes.</summary>
internal readonly struct ThreeBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3;
    }
}

/// <summary>4 bytes.</summary>
internal readonly struct FourBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }
}

/// <summary>6 bytes.</summary>
internal readonly struct SixBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }
}

/// <summary>8 bytes.</summary>
internal readonly struct EightBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }
}
