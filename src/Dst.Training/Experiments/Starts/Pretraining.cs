using Dst.Foundations;
using Dst.Images;
using Dst.ModelFiles;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Networks;

namespace Dst.Training.Experiments.Starts;

/// <summary>
/// Starts a network from the encoder of an auto-encoder. The auto-encoder is trained once for a run and kept in its folder, with a picture
/// of what it gives back.
/// </summary>
/// <param name="name">Of <see cref="ArmNames.AutoEncoders"/>.</param>
/// <param name="run">Where it is kept.</param>
/// <param name="data">Its images.</param>
/// <param name="compute">Threads and vector width.</param>
internal sealed class Pretraining(string name, RunFolder run, DataSet data, ComputeContext compute)
{
    private const int Pictures = 12;

    /// <summary>A network with the encoder's weights.</summary>
    /// <param name="network">The student or the teacher with initial weights.</param>
    /// <param name="train">Trains a phase.</param>
    /// <param name="log">Takes a line that says which layers were taken.</param>
    public Model Start(Model network, Func<TrainingPhase, PhaseResult> train, Action<string>? log)
    {
        var (started, taken, initial) = AutoEncoder.StartFrom(network, LoadOrTrain(network, train, log));
        log?.Invoke(
            $"{(name == ArmNames.Pretrain ? "student" : "teacher")}: {Phrases.Count(taken.Count, "layer")} from {taken[0]} to {taken[^1]} "
            + $"begin as in the auto-encoder, {string.Join(", ", initial)} with initial weights");
        return started;
    }

    /// <summary>The phase that trains the auto-encoder with whose encoder an arm begins, or null if it begins with none.</summary>
    /// <exception cref="InputException">The network has no trunk with a mirror.</exception>
    public static TrainingPhase? PhaseBefore(Arm arm, Recipe recipe, StartNetworks starts) => arm.AutoEncoderIn(recipe) is { } name
        ? PhaseOf(name, recipe, starts.Create(arm.StartIn(recipe), log: null))
        : null;

    /// <summary>The phase that trains the auto-encoder around a network.</summary>
    /// <exception cref="InputException">The network has no trunk with a mirror.</exception>
    private static TrainingPhase PhaseOf(string name, Recipe recipe, Model network)
    {
        var graph = AutoEncoder.Around(network.Graph, recipe.Pretrain.Decoder);
        var start = Initialiser.Initialise(graph, recipe.Seed) with
        {
            Normalisation = network.Normalisation,
            Outputs = OutputKind.None,
        };
        return new(name, start, recipe.Pretrain.TrainWithoutLabels)
        {
            Reconstructs = true,
            Noise = recipe.Pretrain.Noise,
        };
    }

    private Model LoadOrTrain(Model network, Func<TrainingPhase, PhaseResult> train, Action<string>? log)
    {
        var path = run.ModelPath(name);
        if (File.Exists(path)) return ModelFile.Load(path);
        var trained = train(PhaseOf(name, run.Recipe, network)).Model;
        Draw(trained);
        ModelFile.Save(path, trained);
        log?.Invoke($"{name}: {run.ReconstructionsPath(name)} has validation images and, below each, what the auto-encoder makes of it");
        return trained;
    }

    /// <summary>Draws validation images above their reconstructions, from the darkest value of the image to its brightest.</summary>
    private void Draw(Model autoEncoder)
    {
        var shape = data.Shape;
        var grid = new PictureGrid(shape.Channels, shape.Height, shape.Width, rows: 2, Math.Min(Pictures, data.Observed.Count));
        using var network = new TrainingNetwork(autoEncoder, grid.Columns, compute, seed: 0);
        using var loader = new BatchLoader(data.For(autoEncoder), data.Observed, grid.Columns, augment: false, seed: 0);
        var batch = loader.Epoch(0).First();
        var outputs = network.Forward(batch.Images, batch.Count, training: false);
        var length = (int)shape.Count;
        for (var i = 0; i < batch.Count; i++)
        {
            var image = batch.Images.AsSpan(i * length, length);
            var (black, white) = (float.PositiveInfinity, float.NegativeInfinity);
            foreach (var value in image) (black, white) = (Math.Min(black, value), Math.Max(white, value));
            grid.Draw(0, i, image, black, white);
            grid.Draw(1, i, outputs.Slice(i * length, length), black, white);
        }

        grid.Write(run.ReconstructionsPath(name));
    }
}
