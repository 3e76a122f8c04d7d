using Dst.Graph;
using Dst.Masks;
using Dst.Tests.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Optimizers;

namespace Dst.Tests.Optimizers;

/// <summary>
/// Update rules against PyTorch 1.13: ten steps from <see cref="TestParameters.Weight"/> with the gradients of
/// <see cref="TestParameters.SetGradient"/> and the learning rates η·0.9^s, made with <c>torch.optim.SGD</c> and <c>AdamW</c> in float32.
/// </summary>
public class OptimizerTests
{
    private static readonly OptimizerOptions SgdOptions = new() { Kind = OptimizerKind.Sgd, Momentum = 0.9, WeightDecay = 5e-4 };
    private static readonly OptimizerOptions AdamWOptions = new() { Kind = OptimizerKind.Adamw, WeightDecay = 0.05 };

    [Fact]
    public void Sgd_with_momentum_equals_PyTorch() => Expect(SgdOptions, 0.1,
    [
        -0.663198113f, -0.791990697f, -0.259364516f, 1.0201124f, 1.14693201f, -0.195164382f, -1.12446308f,
        -1.1971283f, -0.683621526f, 0.21790792f, 0.98219347f, 1.16523421f, 0.843306899f, 0.251965672f,
        -0.384801567f, -0.797810614f, -0.841699302f, -0.578727722f, -0.145676315f,
    ]);

    [Fact]
    public void Sgd_with_Nesterov_momentum_equals_PyTorch() => Expect(SgdOptions with { Nesterov = true }, 0.1,
    [
        -0.628101408f, -0.763422668f, -0.32035616f, 1.17458415f, 1.39130461f, -0.174081996f, -1.12271059f,
        -1.19993103f, -0.691268742f, 0.245794833f, 0.961565733f, 1.06280148f, 0.756627798f, 0.219156504f,
        -0.389557719f, -0.775834501f, -0.806115031f, -0.570419431f, -0.17575039f,
    ]);

    [Fact]
    public void Plain_sgd_equals_PyTorch() => Expect(SgdOptions with { Momentum = 0, WeightDecay = 0 }, 0.1,
    [
        -0.245598063f, 0.187193513f, 0.782363653f, 1.09579265f, 0.578142822f, -0.319862962f, -0.913424909f,
        -1.03407621f, -0.650321186f, 0.0884848908f, 0.736889899f, 0.991526306f, 0.835035324f, 0.318208992f,
        -0.3673307f, -0.862392545f, -0.939600766f, -0.608093262f, -0.000295925478f,
    ]);

    [Fact]
    public void AdamW_equals_PyTorch() => Expect(AdamWOptions, 0.01,
    [
        -0.0647644326f, 0.578861475f, 0.935148478f, 0.846199632f, 0.348433495f, -0.320800185f, -0.913152456f,
        -1.01702917f, -0.661211193f, 0.0459226221f, 0.679006159f, 1.00285709f, 0.863617837f, 0.324267179f,
        -0.364348531f, -0.875169694f, -0.952346504f, -0.590556979f, 0.00989618059f,
    ]);

    [Fact]
    public void AdamW_with_other_betas_and_epsilon_equals_PyTorch() => Expect(
        AdamWOptions with { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-4, WeightDecay = 0 }, 0.01,
    [
        -0.064706549f, 0.581679463f, 0.943462014f, 0.855334401f, 0.353449851f, -0.322334707f, -0.912422359f,
        -1.01578486f, -0.659710944f, 0.0432627834f, 0.678678632f, 1.00363755f, 0.864420831f, 0.324306011f,
        -0.365377158f, -0.878889859f, -0.956804812f, -0.594441354f, 0.0120552788f,
    ]);

    public static TheoryData<OptimizerKind> Kinds => [OptimizerKind.Sgd, OptimizerKind.Adamw];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pruned_positions_and_their_state_stay_exactly_zero(OptimizerKind kind)
    {
        var parameter = TestParameters.Masked();
        var before = parameter.Value.ToArray();
        var optimizer = Optimizer.Create(new() { Kind = kind }, [parameter]);
        for (var step = 0; step < 5; step++)
        {
            TestParameters.SetGradient(parameter, step);
            parameter.Gradient[12] = float.NaN; // a pruned position
            optimizer.Step(0.1);
            Assert.True(TestParameters.IsPruned(parameter.Mask!, parameter.Value));
            Assert.All(optimizer.State, state => Assert.True(TestParameters.IsPruned(parameter.Mask!, state.Data)));
        }

        Assert.All(Enumerable.Range(0, 9), i => Assert.NotEqual(before[i], parameter.Value[i]));
    }

    /// <summary>A layer of more weights than are updated together has the bits of many small ones.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Large_layers_take_the_same_step_as_small_ones(OptimizerKind kind)
    {
        const int kernels = 3000;
        Parameter Layer(int first, int count) => new(
            new("pruned.weight", "pruned", ParameterRole.Weight, [count, 2, 3, 1]),
            [.. Enumerable.Range(6 * first, 6 * count).Select(i => (float)Math.Sin(i))])
        {
            Mask = new LayerMask(
                [count, 2, 3, 1], new(PruningUnit.Kernel, block: 1, group: 2),
                [.. Enumerable.Range(first, count).SelectMany(i => new[] { i % 3 == 0, i % 3 != 0 })]),
        };
        float[] Stepped(Parameter parameter, int first)
        {
            parameter.Mask!.Apply(parameter.Value);
            for (var i = 0; i < parameter.Value.Length; i++) parameter.Gradient[i] = (float)Math.Cos(6 * first + i);
            var optimizer = Optimizer.Create(new() { Kind = kind }, [parameter]);
            for (var step = 0; step < 3; step++) optimizer.Step(0.1);
            return parameter.Value;
        }

        var large = Stepped(Layer(0, kernels), 0);
        Assert.Equal(Enumerable.Range(0, kernels).SelectMany(i => Stepped(Layer(i, 1), i)), large);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_mask_that_comes_later_clears_values_and_state(OptimizerKind kind)
    {
        var parameter = TestParameters.Masked();
        var mask = parameter.Mask;
        parameter.Mask = null;
        var optimizer = Optimizer.Create(new() { Kind = kind }, [parameter]);
        TestParameters.SetGradient(parameter, 0);
        optimizer.Step(0.1);
        Assert.False(TestParameters.IsPruned(mask!, parameter.Value));
        parameter.Mask = mask;
        optimizer.Step(0.1);
        Assert.True(TestParameters.IsPruned(mask!, parameter.Value));
        Assert.All(optimizer.State, state => Assert.True(TestParameters.IsPruned(mask!, state.Data)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_restored_optimiser_goes_on_with_the_same_bits(OptimizerKind kind)
    {
        var options = new OptimizerOptions { Kind = kind };
        Parameter[] unbroken = [TestParameters.Weight(), TestParameters.Masked()];
        var optimizer = Optimizer.Create(options, unbroken);
        Run(optimizer, unbroken, 0, 7);

        Parameter[] first = [TestParameters.Weight(), TestParameters.Masked()];
        var interrupted = Optimizer.Create(options, first);
        Run(interrupted, first, 0, 3);
        var saved = interrupted.State.ToDictionary(state => state.Name, state => state.Data.ToArray());
        Parameter[] second = [TestParameters.Weight(), TestParameters.Masked()];
        for (var p = 0; p < 2; p++) first[p].Value.CopyTo(second[p].Value, 0);
        var resumed = Optimizer.Create(options, second);
        resumed.Restore(saved, interrupted.Steps);
        Run(resumed, second, 3, 7);

        Assert.Equal(7, resumed.Steps);
        for (var p = 0; p < 2; p++) Assert.Equal(unbroken[p].Value, second[p].Value);
        Assert.Equal(optimizer.State.SelectMany(state => state.Data), resumed.State.SelectMany(state => state.Data));
    }

    [Fact]
    public void A_state_that_does_not_fit_is_refused_and_changes_nothing()
    {
        var optimizer = Optimizer.Create(AdamWOptions, [TestParameters.Weight()]);
        var state = new Dictionary<string, float[]> { ["conv.weight.first_moment"] = [.. Enumerable.Repeat(1f, 19)] };
        Assert.Contains(
            "no array 'conv.weight.second_moment'", Assert.Throws<InputException>(() => optimizer.Restore(state, 3)).Message,
            StringComparison.Ordinal);
        state["conv.weight.second_moment"] = new float[7];
        Assert.Contains(
            "has 7 values; 19 were expected", Assert.Throws<InputException>(() => optimizer.Restore(state, 3)).Message,
            StringComparison.Ordinal);
        Assert.Equal(0, optimizer.Steps);
        Assert.All(optimizer.State.SelectMany(array => array.Data), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(OptimizerKind.Sgd, true)]
    [InlineData(OptimizerKind.Sgd, false)]
    [InlineData(OptimizerKind.Adamw, true)]
    [InlineData(OptimizerKind.Adamw, false)]
    public void Weight_decay_of_batch_normalisation_and_biases_is_an_option(OptimizerKind kind, bool decays)
    {
        ParameterRole[] roles = [ParameterRole.Weight, ParameterRole.Bias, ParameterRole.Scale, ParameterRole.Shift];
        var parameters = roles.Select(role => TestParameters.Weight(19, role, $"{role}.x")).ToArray();
        var before = parameters[0].Value.ToArray();
        Optimizer.Create(new() { Kind = kind, WeightDecay = 0.1, DecayBatchNormAndBias = decays }, parameters).Step(0.5);
        Assert.All(parameters, parameter =>
        {
            var share = decays || parameter.Shape.Role == ParameterRole.Weight ? 0.95f : 1;
            for (var i = 0; i < before.Length; i++) Assert.Equal(before[i] * share, parameter.Value[i], 1e-6);
        });
    }

    [Fact]
    public void Statistics_are_passed_over()
    {
        var optimizer = Optimizer.Create(SgdOptions, [TestParameters.Weight(19, ParameterRole.Statistic)]);
        optimizer.Step(0.1);
        Assert.Empty(optimizer.State);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_step_allocates_nothing(OptimizerKind kind)
    {
        Parameter[] parameters = [TestParameters.Weight(), TestParameters.Masked()];
        var optimizer = Optimizer.Create(new() { Kind = kind }, parameters);
        optimizer.Step(0.1);
        Assert.Equal(0, Allocation.Of(Step, runs: 10));

        void Step()
        {
            GradientClipping.Clip(parameters, 1);
            optimizer.Step(0.1);
        }
    }

    [Fact]
    public void Nesterov_without_momentum_is_refused() =>
        Assert.Throws<InputException>(() => Optimizer.Create(new() { Nesterov = true, Momentum = 0 }, []));

    private static void Expect(OptimizerOptions options, double learningRate, float[] expected)
    {
        var parameter = TestParameters.Weight();
        var optimizer = Optimizer.Create(options, [parameter]);
        for (var step = 0; step < 10; step++)
        {
            TestParameters.SetGradient(parameter, step);
            optimizer.Step(learningRate * Math.Pow(0.9, step));
        }

        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], parameter.Value[i], 2e-6);
    }

    private static void Run(Optimizer optimizer, Parameter[] parameters, int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            foreach (var parameter in parameters) TestParameters.SetGradient(parameter, step);
            optimizer.Step(0.1);
        }
    }
}
