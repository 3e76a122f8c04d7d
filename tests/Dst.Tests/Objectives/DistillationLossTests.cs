using Dst.Foundations;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Tests.Objectives;

/// <summary>
/// Distillation losses: gradients equal slopes, and the definitions hold. GoldenLossTests checks the values.
/// </summary>
public class DistillationLossTests
{
    private const int Images = 3, Classes = 5, Pixels = 4, Channels = 3, TeacherChannels = 2;

    private static readonly int[] Labels = [3, 0, 4];
    private static readonly float[] Logits = Random(1, Images * Classes);
    private static readonly float[] Teacher = Random(2, Images * Classes);
    private static readonly float[] Features = Random(3, Images * Channels * Pixels);
    private static readonly float[] TeacherFeatures = Random(4, Images * TeacherChannels * Pixels);
    private static readonly float[] Projection = Random(5, TeacherChannels * Channels);

    /// <summary>The numbers of the section that are no weight of a teacher's term.</summary>
    private static readonly string[] OtherNumbers = ["temperature", "dkd.warmup_epochs"];

    public static TheoryData<DistillationOptions, string> WrongWeights => new()
    {
        { new() { Alpha = 5 }, "distill.alpha is 5 and distill.labels is not set" },
        { new() { Alpha = 0.5, Labels = -1 }, "distill.labels is -1" },
        { new() { Alpha = double.NaN, Labels = 1 }, "distill.alpha is NaN" },
        { new() { Dkd = new() { NonTarget = -0.5 } }, "distill.dkd.non_target is -0.5" },
        { new() { Dist = new() { IntraClass = double.PositiveInfinity } }, "distill.dist.intra_class is" },
        { new() { Hints = new() { Weight = -3 } }, "distill.hints.weight is -3" },
        { new() { Alpha = 0, Labels = 0 }, "every weight of distill is 0" },
        { new() { Alpha = 0, Labels = 0.5 }, "distill.labels is 0.5 and every other weight of distill is 0" },
        { new PrunedDistillationOptions { Features = -1 }, "distill_pruned.features is -1" },
    };

    public static TheoryData<string> TeacherWeights =>
    [
        .. from key in RecipeFile.KeysOfResults(new())
           where key.Key.StartsWith("distill.", StringComparison.Ordinal) && double.TryParse(key.Value, out _)
           let name = key.Key["distill.".Length..]
           where !OtherNumbers.Contains(name)
           select name,
    ];

    [Theory]
    [MemberData(nameof(WrongWeights))]
    public void Weights_that_would_train_for_something_else_are_refused(DistillationOptions options, string expected)
    {
        Assert.StartsWith(expected, Assert.Throws<InputException>(options.Check).Message);
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 16, 16), Classes), seed: 1);
        var phase = new TrainingPhase("student-kd", model, new()) { Teacher = model, Distillation = options };
        Assert.Throws<InputException>(() => LossTerms.Of(phase.Lesson, seed: 1));
    }

    [Theory]
    [MemberData(nameof(TeacherWeights))]
    public void Each_weight_alone_asks_for_a_teacher_and_gives_a_term(string key)
    {
        List<SettingOverride> settings = [SettingOverride.Parse($"distill.{key}=0.5")];
        if (key.EndsWith(".weight", StringComparison.Ordinal))
            settings.Add(SettingOverride.Parse($"distill.{key[..^6]}layers=[{{teacher: layer1.0.relu2, student: layer1.0.relu2}}]"));
        var options = RecipeFile.Parse("recipe x", "distill: {alpha: 0, labels: 0}", settings).Distill;
        options.Check();
        Assert.True(options.LearnsFromTeacher);
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 16, 16), Classes), seed: 1);
        Assert.Single(LossTerms.Of(new(model.Graph, options) { Teacher = model }, seed: 1), term => term.Teacher == model);
    }

    [Fact]
    public void Weights_of_published_recipes_are_legal()
    {
        foreach (var preset in Enum.GetValues<DistillationPreset>()) DistillationPresets.Of(preset).Check();
        new DistillationOptions { Alpha = 1 }.Check();
        new DistillationOptions { Alpha = 9, Labels = 0 }.Check();
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(4f)]
    public void Decoupled_gradient_is_its_slope(float temperature) => ExpectSlope(
        Logits, (z, g) => DecoupledDistillationLoss.Compute(z, Teacher, Labels, Classes, temperature, 0.7f, 1.5f, g));

    [Theory]
    [InlineData(0.5f)]
    [InlineData(4f)]
    public void Correlation_gradient_is_its_slope(float temperature) =>
        ExpectSlope(Logits, (z, g) => DistLoss.Compute(z, Teacher, Classes, temperature, 0.7f, 1.5f, g));

    [Fact]
    public void Standardised_gradient_is_its_slope() => ExpectSlope(Logits, (z, g) =>
    {
        var standardised = new float[z.Length];
        var inner = new float[g.Length];
        LogitStandardisation.Apply(z, Classes, standardised);
        var loss = DistillationLoss.Compute(standardised, Teacher, Classes, 2, 1, inner);
        if (g.Length > 0) LogitStandardisation.Backward(z, inner, Classes, g);
        return loss;
    });

    [Fact]
    public void Attention_gradient_is_its_slope() =>
        ExpectSlope(Features, (f, g) => AttentionLoss.Compute(f, TeacherFeatures, Images, Pixels, 3, g));

    [Fact]
    public void Hint_gradients_are_its_slopes()
    {
        ExpectSlope(Features, (f, g) => HintLoss.Compute(f, TeacherFeatures, Projection, Images, Pixels, 3, g, default));
        ExpectSlope(Projection, (w, g) => HintLoss.Compute(Features, TeacherFeatures, w, Images, Pixels, 3, default, g));
        ExpectSlope(Features, (f, g) => HintLoss.Compute(f, Random(6, f.Length), default, Images, Pixels, 3, g, default));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(36)]
    [InlineData(2051)] // more than two chunks
    public void Reconstruction_gradient_is_its_slope_and_its_value_the_relative_error(int count)
    {
        var (features, teacher) = (Random(7, count), Random(8, count));
        ExpectSlope(features, (f, g) => ReconstructionLoss.Compute(f, teacher, 3, g));
        var error = features.Zip(teacher, (f, t) => (double)(f - t) * (f - t)).Sum() / teacher.Sum(t => (double)t * t);
        Assert.Equal(3 * error, ReconstructionLoss.Compute(features, teacher, 3, default), 1e-6 * error);
        // The same layer with other units has the same error.
        float[] large = [.. features.Select(f => 64 * f)], largeTeacher = [.. teacher.Select(t => 64 * t)];
        Assert.Equal(3 * error, ReconstructionLoss.Compute(large, largeTeacher, 3, default), 1e-6 * error);
    }

    // KL(p ‖ q) = TCKD + (1 − p_y) · NCKD, the identity that the paper starts from, image by image.
    [Fact]
    public void Decoupled_terms_with_the_weights_of_KD_are_KD()
    {
        for (var n = 0; n < Images; n++)
        {
            var (z, t, label) = (Logits[(n * Classes)..((n + 1) * Classes)], Teacher[(n * Classes)..((n + 1) * Classes)], Labels[n]);
            var others = 1 - Math.Exp(t[label] / 4 - LogPartition.Of(t, 4));
            Assert.Equal(
                DistillationLoss.Compute(z, t, Classes, 4, 1, default),
                DecoupledDistillationLoss.Compute(z, t, [label], Classes, 4, 1, (float)others, default), 1e-6);
        }
    }

    [Fact]
    public void Standardised_logits_have_mean_0_and_deviation_1_and_forget_scale_and_shift()
    {
        float[] z = [1, 2, 3, 6, 30, 20, 10, -20], moved = [.. z.Select(value => 5 * value - 3)];
        var (standardised, again) = (new float[8], new float[8]);
        LogitStandardisation.Apply(z, 4, standardised);
        LogitStandardisation.Apply(moved, 4, again);
        foreach (var row in standardised.Chunk(4))
            Assert.Equal((0, 1), (Math.Round(row.Average(), 6), Math.Round(Math.Sqrt(row.Average(x => x * x)), 6)));
        for (var i = 0; i < 8; i++) Assert.Equal(standardised[i], again[i], 1e-5);
    }

    [Fact]
    public void Equal_logits_and_empty_maps_have_no_gradient_that_is_not_a_number()
    {
        var (z, g) = (new float[3], new float[3]);
        LogitStandardisation.Apply([2, 2, 2], 3, z);
        Assert.Equal([0, 0, 0], z);
        LogitStandardisation.Backward([2, 2, 2], [0, 0, 0], 3, g);
        Assert.Equal([0, 0, 0], g);
        Assert.Equal(0.5, AttentionLoss.Compute([0, 0], [1, 0], 1, 2, 1, g.AsSpan(0, 2)), 6);
        Assert.Equal(0, ReconstructionLoss.Compute([1, 2, 3], [0, 0, 0], 1, g));
        Assert.Equal([0, 0, 0], g);
    }

    [Fact]
    public void Correlations_are_1_with_the_teacher_itself_and_0_where_everything_is_the_same()
    {
        var g = new float[Logits.Length];
        Assert.Equal(0, DistLoss.Compute(Teacher, Teacher, Classes, 4, 2, 2, g), 9);
        Assert.All(g, value => Assert.Equal(0, value, 1e-6));
        Assert.Equal(16 * 5, DistLoss.Compute(new float[Logits.Length], Teacher, Classes, 4, 2, 3, g), 9);
        Assert.All(g, value => Assert.Equal(0, value, 1e-6));
        // One image has classes to correlate, but nothing to compare it with.
        Assert.Equal(16 * 3, DistLoss.Compute(Teacher.AsSpan(0, Classes), Teacher.AsSpan(0, Classes), Classes, 4, 2, 3, default), 9);
    }

    [Fact]
    public void Huge_logits_give_finite_losses()
    {
        var g = new float[3];
        Assert.Equal(6e4, DecoupledDistillationLoss.Compute([3e4f, 0, -3e4f], [-3e4f, 0, 3e4f], [0], 3, 1, 1, 1, g), 6);
        Assert.All(g, value => Assert.True(float.IsFinite(value)));
        Assert.True(double.IsNaN(DecoupledDistillationLoss.Compute([0, float.NaN, 1], [0, 1, 2], [0], 3, 1, 1, 1, default)));
        Assert.Equal(1.5, DistLoss.Compute([3e4f, 0, -3e4f], [-3e4f, 0, 3e4f], 3, 1, 1, 0, g), 6);
        Assert.All(g, value => Assert.True(float.IsFinite(value)));
        Assert.True(double.IsNaN(DistLoss.Compute([0, float.NaN, 1], [0, 1, 2], 3, 1, 1, 1, default)));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.ThrowsAny<ArgumentException>(
            () => DecoupledDistillationLoss.Compute(new float[10], new float[5], [0, 1], 5, 4, 1, 1, default));
        Assert.ThrowsAny<ArgumentException>(
            () => DecoupledDistillationLoss.Compute(new float[10], new float[10], [0, 5], 5, 4, 1, 1, default));
        Assert.ThrowsAny<ArgumentException>(
            () => DecoupledDistillationLoss.Compute(new float[2], new float[2], [0, 0], 1, 4, 1, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => DistLoss.Compute(new float[10], new float[5], 5, 4, 1, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => DistLoss.Compute(new float[10], new float[10], 5, 0, 1, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => DistLoss.Compute(new float[10], new float[10], 5, 4, 1, 1, new float[5]));
        Assert.ThrowsAny<ArgumentException>(() => LogitStandardisation.Apply(new float[10], 4, new float[10]));
        Assert.ThrowsAny<ArgumentException>(() => ReconstructionLoss.Compute(new float[8], new float[9], 1, default));
        Assert.ThrowsAny<ArgumentException>(() => ReconstructionLoss.Compute(new float[8], new float[8], 1, new float[7]));
        Assert.ThrowsAny<ArgumentException>(() => AttentionLoss.Compute(new float[10], new float[8], 2, 4, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => AttentionLoss.Compute(new float[8], new float[8], 2, 4, 1, new float[4]));
        Assert.ThrowsAny<ArgumentException>(() => HintLoss.Compute(new float[8], new float[16], default, 2, 4, 1, default, default));
        Assert.ThrowsAny<ArgumentException>(() => HintLoss.Compute(new float[8], new float[16], new float[3], 2, 4, 1, default, default));
    }

    private static float[] Random(long seed, int count)
    {
        var random = new RandomStream(seed, RandomPurpose.Simulate);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(2 * random.NextNormal()))];
    }

    private static void ExpectSlope(float[] at, Func<float[], float[], double> loss)
    {
        const float step = 1f / 512;
        var gradient = new float[at.Length];
        loss(at, gradient);
        var tolerance = 2e-4 * (1 + gradient.Max(Math.Abs));
        Assert.Contains(gradient, g => g != 0);
        for (var i = 0; i < at.Length; i++)
        {
            var x = at.ToArray();
            x[i] = at[i] + step;
            var (above, high) = (loss(x, []), x[i]);
            x[i] = at[i] - step;
            Assert.Equal((above - loss(x, [])) / ((double)high - x[i]), gradient[i], tolerance);
        }
    }
}
