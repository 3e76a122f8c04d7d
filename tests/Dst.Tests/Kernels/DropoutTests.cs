using Dst.Kernels;

namespace Dst.Tests.Kernels;

public unsafe class DropoutTests
{
    private const ulong Key = 0x1234;

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.9f)]
    public void Share_and_scale_follow_the_rate(float rate)
    {
        using var x = Ones();
        Dropout.Apply(x.Pointer, x.Length, 0, Key, rate, x.Pointer, accumulate: false);
        var kept = x.ToNchw().Where(v => v != 0).ToArray();
        var deviation = Math.Sqrt(rate * (1 - rate) / x.Length);
        Assert.InRange(kept.Length / (double)x.Length, 1 - rate - 4 * deviation, 1 - rate + 4 * deviation);
        Assert.All(kept, v => Assert.Equal(1 / (1 - rate), v));
    }

    [Fact]
    public void Mask_does_not_depend_on_the_parts()
    {
        using var whole = Ones();
        using var parts = Ones();
        Dropout.Apply(whole.Pointer, whole.Length, 0, Key, 0.5f, whole.Pointer, accumulate: false);
        const int cut = 48;
        Dropout.Apply(parts.Pointer + cut, parts.Length - cut, cut, Key, 0.5f, parts.Pointer + cut, accumulate: false);
        Dropout.Apply(parts.Pointer, cut, 0, Key, 0.5f, parts.Pointer, accumulate: false);
        Assert.Equal(whole.ToNchw(), parts.ToNchw());
    }

    [Fact]
    public void Neighbouring_keys_have_unrelated_masks()
    {
        using var a = Ones();
        using var b = Ones();
        Dropout.Apply(a.Pointer, a.Length, 0, Key, 0.5f, a.Pointer, accumulate: false);
        Dropout.Apply(b.Pointer, b.Length, 0, Key + 4, 0.5f, b.Pointer, accumulate: false);
        for (var lag = 0; lag <= 64; lag++)
        {
            var equal = Enumerable.Range(lag, a.Length - lag).Count(i => a.Pointer[i - lag] == b.Pointer[i]);
            Assert.InRange(equal / (double)(a.Length - lag), 0.48, 0.52);
        }
    }

    [Theory]
    [InlineData(15, 0, 0.5f)]
    [InlineData(16, 8, 0.5f)]
    [InlineData(16, 0, 1f)]
    [InlineData(16, 0, -0.1f)]
    [InlineData(16, 0, float.NaN)]
    public void Illegal_arguments_are_refused(int length, int firstElement, float rate) =>
        Assert.ThrowsAny<ArgumentException>(() => Dropout.Apply(null, length, firstElement, Key, rate, null, accumulate: false));

    private static Blocked Ones()
    {
        var x = new Blocked(1, 16, 64, 64);
        x.Span.Fill(1);
        return x;
    }
}
