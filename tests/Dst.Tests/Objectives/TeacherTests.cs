using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Tests.Objectives;

public sealed class TeacherTests : IDisposable
{
    private const int BatchSize = 8;
    private readonly WorkerPool _pool = new(2);
    private readonly DataSet _data = Load(shift: 2);
    private readonly Model _model;

    public TeacherTests() => _model = Initialiser.Initialise(Zoo.Build("resnet8", _data.Shape, 3, 0.25), seed: 7);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [TierData]
    public void Logits_are_those_of_the_network_in_training(SimdTier tier)
    {
        using var loader = new BatchLoader(_data, _data.Training, BatchSize, augment: true, seed: 1);
        using var network = new TrainingNetwork(_model, BatchSize, new(_pool, tier), seed: 0);
        using var teacher = new Teacher(_model, [], BatchSize, new(_pool, tier));
        using var withFeatures = new Teacher(_model, [_model.Graph.Nodes[3].Name], BatchSize, new(_pool, tier));
        foreach (var batch in loader.Epoch(0))
        {
            var expected = network.Forward(batch.Images, batch.Count, training: false).ToArray();
            withFeatures.Forward(batch);
            teacher.Forward(batch);
            Assert.Equal(expected, withFeatures.Logits.ToArray());
            AssertClose(expected, teacher.Logits);
        }
    }

    [Fact]
    public void Remembered_logits_are_those_of_the_images_without_augmentation()
    {
        using var plain = new BatchLoader(_data, _data.Training, _data.Training.Count, augment: false, seed: 1);
        using var network = new TrainingNetwork(_model, _data.Training.Count, new(_pool), seed: 0);
        var all = network.Forward(plain.Epoch(0).First().Images, _data.Training.Count, training: false).ToArray();
        using var teacher = new Teacher(_model, [], BatchSize, new(_pool));
        teacher.CacheLogits(_data, BatchSize, readsUnlabelled: false, CancellationToken.None);

        using var loader = new BatchLoader(_data, _data.Training, BatchSize, augment: true, seed: 1);
        foreach (var batch in loader.Epoch(0))
        {
            teacher.Forward(batch);
            AssertClose(batch.Indices.Take(batch.Count).SelectMany(index => all.Skip(3 * index).Take(3)).ToArray(), teacher.Logits);
        }
    }

    [Theory]
    [InlineData(0, false, true)]
    [InlineData(2, false, false)]
    [InlineData(2, true, true)]
    public void Logits_are_remembered_without_augmentation_or_on_demand(int shift, bool cache, bool remembered)
    {
        var data = Load(shift);
        var phase = new TrainingPhase("dst", _model, new()) { Teacher = _model, Distillation = new() { Alpha = 1, CacheTeacher = cache } };
        using var student = new TrainingNetwork(_model, BatchSize, new(_pool), seed: 1);
        using var objective = new Objective(phase.Lesson, student, BatchSize, new(_pool), seed: 1);
        objective.CacheTeachers(data, BatchSize, CancellationToken.None);

        using var loader = new BatchLoader(data, data.Training, BatchSize, augment: true, seed: 1);
        var batch = loader.Epoch(0).First();
        var (logits, gradient) = (new float[batch.Count * 3], new float[batch.Count * 3]);
        var before = objective.Compute(batch, epoch: 0, logits, gradient);
        Array.Clear(batch.Images);
        var after = objective.Compute(batch, epoch: 0, logits, gradient);
        Assert.Equal(remembered, before == after);
    }

    private static DataSet Load(int shift)
    {
        var simulated = new SimulatedOptions { Classes = 3, PerClassTrain = 9, PerClassTest = 2, Size = 20 };
        var options = new DataOptions { Kind = DataKind.Simulated, Shift = shift, Crop = 16, Simulated = simulated };
        return DataSet.Load(options, seed: 1, _ => { });
    }

    private static void AssertClose(float[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - 1e-5f * largest, expected[i] + 1e-5f * largest);
    }
}
