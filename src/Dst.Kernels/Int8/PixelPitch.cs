using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Bytes from what a pixel of the output reads to what the next one reads: a constant of a loop.</summary>
internal interface IPixelPitch
{
    /// <summary>The bytes.</summary>
    static abstract int Bytes { get; }
}

/// <summary>Sixteen channels.</summary>
internal readonly struct BlockPitch<T> : IPixelPitch where T : unmanaged, ISumLanes<T>
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Layout.Block / T.Channels * sizeof(int);
    }
}

/// <summary>One.</summary>
internal readonly struct OneBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }
}

/// <summary>Two.</summary>
internal readonly struct TwoBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }
}

/// <summary>Three.</summary>
internal readonly struct ThreeBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3;
    }
}

/// <summary>Four.</summary>
internal readonly struct FourBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }
}

/// <summary>Six.</summary>
internal readonly struct SixBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }
}

/// <summary>Eight.</summary>
internal readonly struct EightBytes : IPixelPitch
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }
}
