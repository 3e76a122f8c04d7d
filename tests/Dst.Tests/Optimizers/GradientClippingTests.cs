using Dst.Training.Autodiff;
using Dst.Training.Optimizers;

namespace Dst.Tests.Optimizers;

public class GradientClippingTests
{
    // Gradients sin(i), i < 37, and 2·cos(i), i < 5; torch.nn.utils.clip_grad_norm_(…, 1.5) of PyTorch 1.13 gives these numbers.
    [Fact]
    public void Clipping_equals_PyTorch()
    {
        var parameters = Parameters();
        Assert.Equal(5.471821308135986, GradientClipping.Clip(parameters, 1.5), 1e-6);
        Assert.Equal([0.548263431f, 0.296227992f, -0.228158101f, -0.542776704f, -0.358368874f], parameters[1].Gradient, Near);
        Assert.Equal([0.145038351f, -0.117378451f, -0.271878034f], parameters[0].Gradient[^3..], Near);
    }

    [Fact]
    public void A_short_gradient_is_left_alone()
    {
        var parameters = Parameters();
        var before = parameters[0].Gradient.ToArray();
        GradientClipping.Clip(parameters, 6);
        Assert.Equal(before, parameters[0].Gradient);
    }

    [Fact]
    public void Pruned_positions_do_not_count()
    {
        var parameter = TestParameters.Masked();
        Array.Fill(parameter.Gradient, 1);
        Assert.Equal(Math.Sqrt(72), GradientClipping.Clip([parameter], 100), 1e-9);
    }

    [Fact]
    public void A_gradient_that_is_not_a_number_shows_in_the_norm()
    {
        var parameter = TestParameters.Weight();
        parameter.Gradient[18] = float.NaN;
        Assert.True(double.IsNaN(GradientClipping.Clip([parameter], 1)));
        parameter.Gradient[18] = float.PositiveInfinity;
        Assert.False(double.IsFinite(GradientClipping.Clip([parameter], 1)));
    }

    private static bool Near(float a, float b) => Math.Abs(a - b) < 1e-6;

    private static Parameter[] Parameters()
    {
        Parameter[] parameters = [TestParameters.Weight(37, name: "a.weight"), TestParameters.Weight(5, name: "b.weight")];
        for (var i = 0; i < 37; i++) parameters[0].Gradient[i] = (float)Math.Sin(i);
        for (var i = 0; i < 5; i++) parameters[1].Gradient[i] = (float)(2 * Math.Cos(i));
        return parameters;
    }
}
