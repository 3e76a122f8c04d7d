using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Autodiff;

namespace Dst.Training.Objectives.Terms;

/// <summary>
/// <see cref="HintLoss"/> between a layer of a teacher and one of the student. A trained projection joins different numbers of channels.
/// </summary>
internal sealed record HintTerm(Model Teacher, LayerPair Layers, float Weight, Parameter? Projection) : ILossTerm
{
    public double Add(in LossBatch batch)
    {
        if (Projection is not null) Array.Clear(Projection.Gradient);
        return HintLoss.Compute(
            batch.Student, batch.Teacher, Projection?.Value, batch.Images, batch.Row, Weight, batch.Gradient, Projection?.Gradient);
    }

    /// <summary>A projection [C_T, C_S, 1, 1] that keeps the variance of features, or null where both have the same channels.</summary>
    /// <param name="index">Number of the term among those that compare layers; it names the projection and keys its weights.</param>
    /// <param name="teacherChannels">C_T.</param>
    /// <param name="channels">C_S.</param>
    /// <param name="seed">Seed of the run.</param>
    public static Parameter? CreateProjection(int index, int teacherChannels, int channels, long seed)
    {
        if (teacherChannels == channels) return null;
        var random = new RandomStream(seed, RandomPurpose.Project, sample: index);
        var deviation = 1 / Math.Sqrt(channels);
        var values = new float[teacherChannels * channels];
        for (var i = 0; i < values.Length; i++) values[i] = (float)(deviation * random.NextNormal());
        var name = $"distill.hints.{index}";
        return new(new($"{name}.projection", name, ParameterRole.Weight, [teacherChannels, channels, 1, 1]), values);
    }
}
