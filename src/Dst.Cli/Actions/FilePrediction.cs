using Dst.Images;
using Dst.Runtime.Inference;

namespace Dst.Cli.Actions;

/// <summary>What a predictor says of an image file.</summary>
/// <param name="File">The file.</param>
/// <param name="Values">A value for each class; none if it failed.</param>
/// <param name="Failure">Why it has none, or null.</param>
internal sealed record FileOutputs(string File, float[] Values, Exception? Failure);

/// <summary>Predicts image files. One that cannot be read, or has outputs that are not finite, does not stop the others.</summary>
internal sealed class FilePrediction(Predictor predictor, ModelImages reader)
{
    /// <summary>Predicts a batch of files.</summary>
    public IReadOnlyList<FileOutputs> Predict(IReadOnlyList<string> files)
    {
        var outputs = new FileOutputs[files.Count];
        var images = new List<(int Index, Image Image)>();
        for (var i = 0; i < files.Count; i++)
        {
            try
            {
                images.Add((i, reader.Read(files[i])));
            }
            catch (InputException e)
            {
                outputs[i] = new(files[i], [], e);
            }
        }

        Predict([.. images], files, outputs);
        return outputs;
    }

    private void Predict(ReadOnlySpan<(int Index, Image Image)> images, IReadOnlyList<string> files, FileOutputs[] outputs)
    {
        if (images.Length == 0) return;
        var (classes, inputs) = (predictor.Classes, new Image[images.Length]);
        for (var i = 0; i < images.Length; i++) inputs[i] = images[i].Image;
        var values = new float[images.Length * classes];
        try
        {
            predictor.Predict(inputs, values);
            for (var i = 0; i < images.Length; i++)
                outputs[images[i].Index] = new(files[images[i].Index], values[(i * classes)..((i + 1) * classes)], null);
        }
        catch (Exception e) when (e is InputException or NotFiniteNumberException)
        {
            if (images.Length == 1) outputs[images[0].Index] = Failed(files[images[0].Index], e);
            else for (var i = 0; i < images.Length; i++) Predict(images.Slice(i, 1), files, outputs); // to find the file
        }
    }

    private static FileOutputs Failed(string file, Exception exception) => new(
        file, [],
        exception is NotFiniteNumberException e
            ? new NotFiniteNumberException($"file '{file}': {e.Message}", e.OffendingNumber, e)
            : exception);
}
