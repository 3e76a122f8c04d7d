using Dst.Training.Objectives;
using Dst.Training.Objectives.Terms;

namespace Dst.Tests.Objectives;

/// <summary>
/// Losses against PyTorch 1.13 in double precision and against finite differences. The inputs, with i = 0 … 14 as [3, 5]:
/// z = float32(3·sin(1.7·i + 0.3)), teacher = float32(4·cos(0.9·i − 0.5)), labels 3, 0, 4. PyTorch's numbers are of
/// <c>F.cross_entropy(z.double(), y, label_smoothing=e)</c> and
/// <c>tau*tau*F.kl_div(F.log_softmax(z.double()/tau, 1), F.softmax(t.double()/tau, 1), reduction='batchmean')</c>.
/// </summary>
public class LossTests
{
    private const int Classes = 5;
    private static readonly float[] Logits = [.. Enumerable.Range(0, 15).Select(i => (float)(3 * Math.Sin(1.7 * i + 0.3)))];
    private static readonly float[] Teacher = [.. Enumerable.Range(0, 15).Select(i => (float)(4 * Math.Cos(0.9 * i - 0.5)))];
    private static readonly int[] Labels = [3, 0, 4];

    [Theory]
    [InlineData(0f, 4.227445780994988, new[]
    {
        0.030029663750686914, 0.1893349113807983, 0.0025246858816289543, -0.332115185550297, 0.11022592453718286,
        -0.25933066064035426, 0.0009141710750527008, 0.004369557775276824, 0.23636381006261536, 0.017683121727409414,
        0.0008356517223434229, 0.026295863532474185, 0.2998367478833231, 0.005089161121575518, -0.3320574242597162,
    })]
    [InlineData(0.1f, 4.124531701567269, new[]
    {
        0.023362997084020246, 0.18266824471413162, -0.004141980785037713, -0.30544851888363034, 0.10355925787051619,
        -0.23266399397368762, -0.005752495591613967, -0.002297108891389844, 0.22969714339594866, 0.011016455060742746,
        -0.005831014944323244, 0.019629196865807514, 0.2931700812166564, -0.00157750554509115, -0.3053907575930495,
    })]
    public void Cross_entropy_equals_PyTorch(float labelSmoothing, double loss, double[] gradient) =>
        Expect(loss, gradient, 1e-7, (z, weight, g) => CrossEntropy.Compute(z, Labels, Classes, labelSmoothing, weight, g));

    [Theory]
    [InlineData(1f, 2.4460316340794996, new[]
    {
        -0.11613885832381268, 0.015401256256385746, -0.01021122078457919, 0.0008031882882488686, 0.11014563456375734,
        0.07369072882873036, -0.00807204509326752, -0.14281987579697297, 0.07116079784422491, 0.006040394217285243,
        4.7397050907483924e-05, 0.02613523462910033, 0.29916184872512275, -0.014640696214648755, -0.3107037841904817,
    })]
    [InlineData(4f, 5.481909089791071, new[]
    {
        -0.1796489915005663, -0.04230983541941997, -0.09890423871776856, 0.017169611552978265, 0.3036934540847761,
        0.2577606396414853, -0.08751608820701515, -0.23742024258449393, 0.04197240511957365, 0.02520328603044997,
        -0.014730012924889901, 0.20754584214978425, 0.42035318815520145, -0.11828076011641617, -0.49488825726367996,
    })]
    public void Distillation_equals_PyTorch(float temperature, double loss, double[] gradient) =>
        Expect(loss, gradient, 1e-7, (z, weight, g) => DistillationLoss.Compute(z, Teacher, Classes, temperature, weight, g));

    [Theory]
    [InlineData(0f)]
    [InlineData(0.3f)]
    [InlineData(1f)]
    public void Cross_entropy_gradient_is_its_slope(float labelSmoothing) =>
        ExpectSlope(
            z => CrossEntropy.Compute(z, Labels, Classes, labelSmoothing, 0.7f, default),
            g => CrossEntropy.Compute(Logits, Labels, Classes, labelSmoothing, 0.7f, g));

    [Theory]
    [InlineData(1f, 0f)]
    [InlineData(0.3f, 0.1f)]
    public void Gradient_of_mixed_and_weighted_labels_is_its_slope(float share, float smoothing)
    {
        var term = new LabelTerm(0.7f, smoothing, [0.5f, 2, 1, 3, 0.25f]);
        ExpectSlope(z => Add(z, default), g => Add(Logits, g));

        double Add(float[] z, Span<float> gradient) => term.Add(new()
        {
            Epoch = 0,
            Images = 3,
            Labels = Labels,
            Partners = [1, 0, 3],
            Share = share,
            Row = Classes,
            Student = z,
            Gradient = gradient,
        });
    }

    [Fact]
    public void Balanced_classes_weigh_the_same_and_the_mean_weight_of_the_images_is_1()
    {
        Assert.Null(ClassWeights.Of(ClassWeighting.None, [1, 2]));
        int[] counts = [194, 112, 0, 39];
        var weights = ClassWeights.Of(ClassWeighting.Balanced, counts)!;
        Assert.Equal([345 / 3f / 194, 345 / 3f / 112, 0, 345 / 3f / 39], weights);
        Assert.Equal(1, counts.Zip(weights, (count, weight) => count * weight).Sum() / 345, 1e-6);
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(1f)]
    [InlineData(7f)]
    public void Distillation_gradient_is_its_slope(float temperature) =>
        ExpectSlope(
            z => DistillationLoss.Compute(z, Teacher, Classes, temperature, 0.7f, default),
            g => DistillationLoss.Compute(Logits, Teacher, Classes, temperature, 0.7f, g));

    [Fact]
    public void Squared_error_equals_PyTorch_and_its_slope()
    {
        double[] slopes = // of F.mse_loss(z.double(), t.double()), which is 13.174721222045063
        [
            -0.3498359441757202, -0.1275135358174642, -0.35460049311319985, 0.004761441548665365, 0.8244596799214681,
            0.5825767993927002, -0.4513515551884969, -0.6155687808990479, -0.09886802037556966, -0.09090378284454345,
            -0.07883675893147786, 0.5931205034255982, 0.7262351671854654, -0.267291529973348, -0.8198594093322754,
        ];
        var gradient = Enumerable.Repeat(1f, slopes.Length).ToArray();
        Assert.Equal(13.174721222045063, SquaredError.Mean(Logits, Teacher, gradient), 1e-5); // sums of 1024 squares are float32
        for (var i = 0; i < slopes.Length; i++)
        {
            Assert.Equal(1 + slopes[i], gradient[i], 1e-6);
            var (above, below) = (Logits.ToArray(), Logits.ToArray());
            above[i]++; // of a parabola the central difference is exact
            below[i]--;
            Assert.Equal((SquaredError.Mean(above, Teacher, default) - SquaredError.Mean(below, Teacher, default)) / 2, slopes[i], 1e-5);
        }
    }

    [Fact]
    public void A_student_that_equals_its_teacher_has_no_distillation_loss()
    {
        var gradient = new float[15];
        Assert.Equal(0, DistillationLoss.Compute(Teacher, Teacher, Classes, 4, 1, gradient), 12);
        Assert.All(gradient, g => Assert.Equal(0, g));
    }

    [Fact]
    public void Huge_logits_give_finite_losses()
    {
        float[] z = [3e4f, -3e4f];
        float[] teacher = [-3e4f, 3e4f];
        var gradient = new float[2];
        Assert.Equal(6e4, CrossEntropy.Compute(z, [1], 2, 0, 1, gradient), 6);
        Assert.Equal([1, -1], gradient);
        Assert.Equal(6e4, DistillationLoss.Compute(z, teacher, 2, 1, 1, gradient), 6);
        Assert.Equal([2, -2], gradient);
    }

    [Fact]
    public void A_logit_that_is_not_a_number_shows_in_the_loss()
    {
        Assert.True(double.IsNaN(CrossEntropy.Compute([0, float.NaN], [0], 2, 0, 1, default)));
        Assert.True(double.IsNaN(DistillationLoss.Compute([0, 1], [float.NaN, 0], 2, 4, 1, default)));
        Assert.False(double.IsFinite(CrossEntropy.Compute([0, float.PositiveInfinity], [0], 2, 0, 1, default)));
    }

    [Fact]
    public void Sizes_and_labels_that_do_not_fit_are_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => CrossEntropy.Compute(new float[10], [0, 1, 2], 5, 0, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => CrossEntropy.Compute(new float[10], [0, 5], 5, 0, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => CrossEntropy.Compute(new float[10], [0, -1], 5, 0, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => CrossEntropy.Compute(new float[10], [0, 1], 5, 0, 1, new float[5]));
        Assert.ThrowsAny<ArgumentException>(() => CrossEntropy.Compute([], [], 5, 0, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => CrossEntropy.Compute(new float[10], [0, 1], 5, 0, 1, default, new float[4]));
        Assert.ThrowsAny<ArgumentException>(() => DistillationLoss.Compute(new float[10], new float[5], 5, 4, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => DistillationLoss.Compute(new float[10], new float[12], 5, 4, 1, default));
        Assert.ThrowsAny<ArgumentException>(() => DistillationLoss.Compute(new float[10], new float[10], 5, 0, 1, default));
    }

    private delegate double Loss(ReadOnlySpan<float> logits, float weight, Span<float> gradient);

    // The value scales with the weight, and the gradient is added to what is there.
    private static void Expect(double loss, double[] gradient, double tolerance, Loss compute)
    {
        Assert.Equal(loss, compute(Logits, 1, default), loss * 1e-8);
        var actual = Enumerable.Repeat(1f, gradient.Length).ToArray();
        Assert.Equal(loss / 4, compute(Logits, 0.25f, actual), loss * 1e-8);
        for (var i = 0; i < gradient.Length; i++) Assert.Equal(1 + gradient[i] / 4, actual[i], tolerance);
    }

    private static void ExpectSlope(Func<float[], double> loss, Action<float[]> computeGradient)
    {
        const float Step = 1f / 512;
        var gradient = new float[Logits.Length];
        computeGradient(gradient);
        for (var i = 0; i < Logits.Length; i++)
        {
            var z = Logits.ToArray();
            z[i] = Logits[i] + Step;
            var (above, high) = (loss(z), z[i]);
            z[i] = Logits[i] - Step;
            Assert.Equal((above - loss(z)) / ((double)high - z[i]), gradient[i], 1e-5);
        }
    }
}
