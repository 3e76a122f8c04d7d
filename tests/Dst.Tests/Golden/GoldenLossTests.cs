using System.Runtime.CompilerServices;
using System.Text.Json;
using Dst.Training.Objectives;
using Dst.Training.Objectives.Terms;

namespace Dst.Tests.Golden;

/// <summary>Distillation losses and their gradients against PyTorch's in double precision (make_losses.py).</summary>
public class GoldenLossTests
{
    private const int Images = 6, Classes = 7, Pixels = 9, Channels = 4, TeacherChannels = 5;

    private static readonly JsonElement Golden = Read();
    private static readonly float[] Student = Values("student", Images * Classes, 5);
    private static readonly float[] Teacher = Values("teacher", Images * Classes, 8);
    private static readonly float[] Features = Values("student.features", Images * Channels * Pixels, 2);
    private static readonly float[] Wide = Values("teacher.features", Images * TeacherChannels * Pixels, 3);
    private static readonly float[] Same = Values("teacher.same", Images * Channels * Pixels, 3);
    private static readonly float[] Projection = Values("projection", TeacherChannels * Channels, 1);
    private static readonly float[] ClassWeights = [0.5f, 2, 1, 3, 0.25f, 1.5f, 4];
    private static readonly int[] Labels = [.. Golden.GetProperty("labels").EnumerateArray().Select(label => label.GetInt32())];

    [Theory]
    [InlineData("dkd_1_8_at_4", 4f, 1f, 8f)]
    [InlineData("dkd_2_0_at_1", 1f, 2f, 0f)]
    [InlineData("dkd_0_3_at_2", 2f, 0f, 3f)]
    public void Decoupled_distillation(string name, float temperature, float target, float other) => Expect(
        name,
        (weight, g) => DecoupledDistillationLoss.Compute(
            Student, Teacher, Labels, Classes, temperature, weight * target, weight * other, g[0]),
        Student.Length);

    [Theory]
    [InlineData("dist_2_2_at_4", 4f, 2f, 2f)]
    [InlineData("dist_1_0_at_1", 1f, 1f, 0f)]
    [InlineData("dist_0_3_at_2", 2f, 0f, 3f)]
    public void Correlations_of_probabilities(string name, float temperature, float interClass, float intraClass) => Expect(
        name,
        (weight, g) => DistLoss.Compute(Student, Teacher, Classes, temperature, weight * interClass, weight * intraClass, g[0]),
        Student.Length);

    [Fact]
    public void Distillation_of_standardised_logits() => Expect(
        "kd_standardised_4",
        (weight, g) => OfStandardised(g[0], (z, t, dz) => DistillationLoss.Compute(z, t, Classes, 4, weight, dz)),
        Student.Length);

    [Fact]
    public void Decoupled_distillation_of_standardised_logits() => Expect(
        "dkd_standardised_1_2_at_2",
        (weight, g) => OfStandardised(
            g[0], (z, t, dz) => DecoupledDistillationLoss.Compute(z, t, Labels, Classes, 2, weight, 2 * weight, dz)),
        Student.Length);

    [Theory]
    [InlineData("labels_mixed", 0.75f, 0.1f, false)]
    [InlineData("labels_weighted", 1f, 0.2f, true)]
    [InlineData("labels_mixed_weighted", 0.25f, 0.1f, true)]
    public void Labels_of_mixed_images_and_weighted_classes(string name, float share, float smoothing, bool weighted) => Expect(
        name,
        (weight, g) => new LabelTerm(weight, smoothing, weighted ? ClassWeights : []).Add(new()
        {
            Epoch = 0,
            Images = Images,
            Labels = Labels,
            Partners = [.. Labels.Reverse()],
            Share = share,
            Row = Classes,
            Student = Student,
            Gradient = g[0],
        }),
        Student.Length);

    [Fact]
    public void Attention_transfer() =>
        Expect("attention", (weight, g) => AttentionLoss.Compute(Features, Wide, Images, Pixels, weight, g[0]), Features.Length);

    [Fact]
    public void Hints_between_equal_channels() => Expect(
        "hint_same", (weight, g) => HintLoss.Compute(Features, Same, default, Images, Pixels, weight, g[0], default), Features.Length);

    [Fact]
    public void Reconstruction_of_features() =>
        Expect("reconstruction", (weight, g) => ReconstructionLoss.Compute(Features, Same, weight, g[0]), Features.Length);

    [Fact]
    public void Hints_through_a_projection() => Expect(
        "hint_projected",
        (weight, g) => HintLoss.Compute(Features, Wide, Projection, Images, Pixels, weight, g[0], g.Length > 1 ? g[1] : default),
        Features.Length, Projection.Length);

    // The value scales with the weight, and gradients are added to what is there.
    private static void Expect(string name, Func<float, float[][], double> compute, params int[] lengths)
    {
        var golden = Golden.GetProperty("cases").GetProperty(name);
        var value = golden.GetProperty("value").GetDouble();
        Assert.Equal(value, compute(1, [[]]), 1e-6 * value);
        float[][] actual = [.. lengths.Select(length => Enumerable.Repeat(1f, length).ToArray())];
        Assert.Equal(value / 4, compute(0.25f, actual), 1e-6 * value);
        var expected = golden.GetProperty("gradients").Deserialize<double[][]>()!;
        Assert.Equal(expected.Select(gradient => gradient.Length), lengths);
        var largest = expected.Max(gradient => gradient.Max(Math.Abs));
        foreach (var (want, have) in expected.Zip(actual))
        {
            for (var i = 0; i < want.Length; i++) Assert.Equal(1 + want[i] / 4, have[i], 1e-6 * (1 + largest));
        }
    }

    private static double OfStandardised(Span<float> gradient, Func<float[], float[], float[], double> loss)
    {
        var (z, t, dz) = (new float[Student.Length], new float[Student.Length], new float[gradient.Length]);
        LogitStandardisation.Apply(Student, Classes, z);
        LogitStandardisation.Apply(Teacher, Classes, t);
        var value = loss(z, t, dz);
        if (!gradient.IsEmpty) LogitStandardisation.Backward(Student, dz, Classes, gradient);
        return value;
    }

    private static float[] Values(string name, int count, float scale) =>
        [.. Enumerable.Range(0, count).Select(i => (float)(GoldenInputs.Uniform(name, i) * scale))];

    private static JsonElement Read([CallerFilePath] string thisFile = "")
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, "losses.json")));
        return json.RootElement.Clone();
    }
}
