using Dst.Kernels;

namespace Dst.Tests.Kernels;

public class SoftmaxTests
{
    [Fact]
    public void Rows_become_probabilities()
    {
        float[] logits = [0, MathF.Log(2), MathF.Log(5), 1000, 1000, -1000];
        Softmax.Forward(logits, 3, logits);
        float[] expected = [1 / 8f, 2 / 8f, 5 / 8f, 0.5f, 0.5f, 0];
        Assert.Equal(expected, logits, (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Lengths_that_are_no_rows_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Softmax.Forward(new float[5], 3, new float[5]));
        Assert.Throws<ArgumentException>(() => Softmax.Forward(new float[6], 3, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Softmax.Forward(new float[6], 0, new float[6]));
        Assert.Throws<ArgumentException>(() => Softmax.Backward(new float[5], new float[5], 3, new float[5], accumulate: false));
        Assert.Throws<ArgumentException>(() => Softmax.Backward(new float[6], new float[3], 3, new float[6], accumulate: false));
        Assert.Throws<ArgumentException>(() => Softmax.Backward(new float[6], new float[6], 3, new float[3], accumulate: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => Softmax.Backward(new float[6], new float[6], 0, new float[6], accumulate: false));
    }
}
