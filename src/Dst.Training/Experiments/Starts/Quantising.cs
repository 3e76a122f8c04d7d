using Dst.Foundations;
using Dst.Kernels.Simd;
using Dst.ModelFiles;
using Dst.Runtime.Quantisation;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Masks;
using Dst.Training.Masks.Repair;

namespace Dst.Training.Experiments.Starts;

/// <summary>Makes a finished network one of 8-bit integers, on some of the training images.</summary>
internal sealed class Quantising(RunFolder run, DataSet data, SimdTier tier)
{
    private const int FewImages = 16;

    private QuantiseOptions Options => run.Recipe.Quantise;

    /// <summary>
    /// The quantised network. It is kept in the run folder, so that a resumed arm has the same scales on any machine.
    /// </summary>
    /// <param name="arm">The arm.</param>
    /// <param name="model">A network of floats.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="InputException">A value has no range, or no layer can be quantised.</exception>
    public Model Start(string arm, Model model, Action<string>? log, CancellationToken cancellation)
    {
        var path = run.StartPath(arm);
        if (File.Exists(path)) return ModelFile.Load(path);
        var images = CalibrationImages.Draw(data.For(model), Options.Images, run.Recipe.Seed);
        var advice = images.Count < FewImages ? "; 100 to 500 images give better ones" : "";
        log?.Invoke($"{arm}: ranges of {Phrases.Count(images.Count, "training image")}{advice}");
        var keptFloat = KeptFloat(Options, Quantiser.LayersOf(model));
        var options = new QuantiserOptions { Method = Options.Method, KeptFloat = keptFloat, Tier = tier };
        var quantised = Quantiser.Quantise(model, images.Values, images.Count, options, cancellation).Model;
        ModelFile.Save(path, quantised);
        return quantised;
    }

    /// <summary>The layers that stay in floats.</summary>
    /// <param name="options">The section of the recipe.</param>
    /// <param name="layers">The layers with weights of the network.</param>
    /// <exception cref="InputException">A name fits no layer.</exception>
    public static HashSet<string> KeptFloat(QuantiseOptions options, IReadOnlyList<string> layers)
    {
        LayerName.Check("quantise.keep_float", options.KeepFloat, layers, " with weights");
        return [.. layers.Where(layer => options.KeepFloat.Any(name => LayerName.Fits(name, layer)))];
    }
}
