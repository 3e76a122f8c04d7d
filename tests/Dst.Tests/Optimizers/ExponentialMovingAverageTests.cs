using Dst.Graph;
using Dst.Training.Autodiff;
using Dst.Training.Optimizers;

namespace Dst.Tests.Optimizers;

public class ExponentialMovingAverageTests
{
    [Fact]
    public void Averages_follow_the_formula_for_weights_and_statistics()
    {
        Parameter[] parameters = [TestParameters.Weight(), TestParameters.Weight(5, ParameterRole.Statistic, "bn.running_mean")];
        var expected = parameters.Select(parameter => parameter.Value.Select(value => (double)value).ToArray()).ToArray();
        var average = new ExponentialMovingAverage(parameters, 0.6);
        for (var t = 1; t <= 20; t++)
        {
            var decay = Math.Min(0.6, (1.0 + t) / (10.0 + t));
            for (var p = 0; p < 2; p++)
            {
                Move(parameters[p]);
                for (var i = 0; i < expected[p].Length; i++) expected[p][i] = decay * expected[p][i] + (1 - decay) * parameters[p].Value[i];
            }

            average.Update();
        }

        average.Swap();
        for (var p = 0; p < 2; p++) Assert.All(expected[p].Zip(parameters[p].Value), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void Swapping_twice_restores_the_very_values_and_updates_are_refused_between()
    {
        var parameter = TestParameters.Weight();
        var average = new ExponentialMovingAverage([parameter], 0.9);
        Move(parameter);
        average.Update();
        var training = parameter.Value.ToArray();
        average.Swap();
        Assert.True(average.IsSwapped);
        Assert.NotEqual(training, parameter.Value);
        Assert.Throws<InvalidOperationException>(average.Update);
        Assert.Throws<InvalidOperationException>(() => average.Restore(new Dictionary<string, float[]>(), 0));
        average.Swap();
        Assert.Equal(training, parameter.Value);
    }

    [Fact]
    public void Averages_respect_a_mask_that_is_younger_than_they_are()
    {
        var parameter = TestParameters.Masked();
        var mask = parameter.Mask;
        parameter.Mask = null;
        Array.Fill(parameter.Value, 1);
        var average = new ExponentialMovingAverage([parameter], 0.9);
        parameter.Mask = mask;
        average.Swap();
        Assert.True(TestParameters.IsPruned(mask!, parameter.Value));
    }

    [Fact]
    public void A_restored_average_goes_on_with_the_same_bits()
    {
        var parameter = TestParameters.Weight();
        var unbroken = new ExponentialMovingAverage([parameter], 0.999);
        Move(parameter);
        unbroken.Update();
        var resumed = new ExponentialMovingAverage([parameter], 0.999);
        resumed.Restore(unbroken.State.ToDictionary(state => state.Name, state => state.Data.ToArray()), unbroken.Updates);
        Move(parameter);
        unbroken.Update();
        resumed.Update();
        Assert.Equal(2, resumed.Updates);
        Assert.Equal(unbroken.State.Single().Data, resumed.State.Single().Data);
        Assert.Equal("conv.weight.average", resumed.State.Single().Name);
        Assert.Throws<InputException>(() => resumed.Restore(new Dictionary<string, float[]>(), 1));
    }

    private static void Move(Parameter parameter)
    {
        for (var i = 0; i < parameter.Value.Length; i++) parameter.Value[i] += (float)Math.Cos(3 * i + parameter.Value[i]);
    }
}
