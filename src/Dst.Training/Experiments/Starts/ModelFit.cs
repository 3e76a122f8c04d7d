using Dst.Foundations;
using Dst.Images;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks.Repair;

namespace Dst.Training.Experiments.Starts;

/// <summary>Fits a model to a data set.</summary>
/// <seealso cref="Pipeline"/>
public static class ModelFit
{
    /// <summary>
    /// A finished model for a data set. Its input's shape, number of classes and, where it has them, their names must be those of the data.
    /// Classes in another order are put in the order of the data.
    /// </summary>
    /// <param name="what">What messages call the model: its file.</param>
    /// <param name="model">The model.</param>
    /// <param name="data">The data that it is given.</param>
    /// <param name="log">Takes a line if the classes are reordered, or the model has no names of them.</param>
    /// <returns>The model, with its classes in the order of the data.</returns>
    /// <exception cref="InputException">They differ; the message says in what.</exception>
    public static Model Fit(string what, Model model, DataSet data, Action<string>? log)
    {
        CheckShape(what, model, data);
        var names = data.ClassNames;
        CheckClassCount(what, model, names.Count);
        if (model.ClassNames.Count == 0)
        {
            log?.Invoke(
                $"{what} has no class names, so its outputs are taken as the classes of the data in their order: {Phrases.First(names)}; "
                + "dst import with --classes gives it names");
            return model;
        }

        if (model.ClassNames.SequenceEqual(names)) return model;
        if (!model.ClassNames.ToHashSet().SetEquals(names))
            throw new InputException($"{what} has the classes {string.Join(", ", model.ClassNames)}; the data has "
                + $"{string.Join(", ", names)}");
        var order = names.Select(name => model.ClassNames.Index().First(own => own.Item == name).Index).ToArray();
        log?.Invoke($"{what} has the classes of the data in another order; they are put in the order of the data");
        return ClassifierHead.Reorder(model, order) ?? throw new InputException(
            $"{what} has the classes {string.Join(", ", model.ClassNames)}, and its last layer cannot be put in another order; the order "
            + $"of the data was expected, {string.Join(", ", names)}");
    }

    /// <summary>
    /// Data to measure a model on. It may lack images of some classes of the model: its labels are then those of the model.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The data.</param>
    /// <param name="log">Takes a line that names the classes without images, or the only one with images.</param>
    public static DataSet MeasuredData(Model model, DataSet data, Action<string>? log)
    {
        var lacking = model.ClassNames.Except(data.ClassNames).ToList();
        if (lacking.Count == 0 || data.ClassNames.Except(model.ClassNames).Any()) return data;
        log?.Invoke(
            data.ClassNames is [var only]
                ? $"all images are of the class '{only}', so top-1 is its recall"
                : $"warning: the data has no images of {lacking.Count} of the model's {model.ClassNames.Count} classes: "
                + $"{Phrases.First(lacking)}; the others are measured");
        return data.Among(model.ClassNames);
    }

    /// <summary>
    /// A model whose training goes on with a data set. If its classes are not those of the data, its last layer begins anew. Its masks
    /// stay, and its normalisation if it has one. Its outputs are logits.
    /// </summary>
    /// <param name="what">What messages call the model: its key and file.</param>
    /// <param name="model">The model.</param>
    /// <param name="data">The data that it will be trained on.</param>
    /// <param name="seed">Seed of a new last layer.</param>
    /// <param name="log">Takes lines that say what is changed.</param>
    /// <exception cref="InputException">Its input has another shape, or its last layer cannot be replaced.</exception>
    public static Model Continue(string what, Model model, DataSet data, long seed, Action<string>? log)
    {
        CheckShape(what, model, data);
        if (BatchNormRestorer.Describe(model.Graph) is { } line) log?.Invoke($"{what}: {line}");
        if (model.Normalisation is not null)
            log?.Invoke(
                $"{what} keeps the normalisation of its inputs; data.amplitude, smooth, normalise, mean and deviation do not change it");
        var names = data.ClassNames;
        var isSame = model.Classes == names.Count && (model.ClassNames.Count == 0 || model.ClassNames.ToHashSet().SetEquals(names));
        if (model.Outputs == OutputKind.Sigmoid)
            log?.Invoke($"{what} has sigmoid outputs; it is trained on one class an image, so they become logits");
        if (isSame && model.Outputs != OutputKind.None) return Fit(what, model, data, log).ToLogits();
        if (ClassifierHead.Replace(model, names.Count, seed) is not { } replaced)
            throw new InputException(
                $"{what} has other classes than the data, and no last layer that can be replaced; a network that ends in a convolution "
                + "or linear layer was expected");
        var mask = model.Masks.ContainsKey(replaced.Layer) ? ", without its mask" : "";
        log?.Invoke($"{what} has other classes than the data; its last layer '{replaced.Layer}' begins anew with {names.Count} "
            + $"classes{mask}");
        return replaced.Model;
    }

    /// <summary>Checks the shape of the model's input, and the size that images are resized to if the model knows it.</summary>
    /// <param name="what">What messages call the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="data">The data.</param>
    /// <exception cref="InputException">One of them is another.</exception>
    public static void CheckShape(string what, Model model, DataSet data)
    {
        var input = model.Graph.Input;
        if (input != data.Shape)
            throw new InputException(
                $"{what} takes {input}; the data has {data.Shape}, and data.channels, data.resize and data.crop that give {input} were "
                + "expected");
        if (model.Normalisation is not { Resize.IsNone: false } own) return;
        var (expected, found) = (Describe(own.Resize, own.Fit), Describe(data.Options.Resize, data.Options.Fit));
        if (expected != found)
            throw new InputException(
                $"{what} was trained on images {own.DescribeResize()}; the data has {found}, and {expected} was expected");
    }

    private static string Describe(ImageSize resize, ResizeFit fit) =>
        $"data.resize {SettingWriter.Format(resize)} with data.fit {EnumWords.Of(fit)}";

    /// <summary>Warns where images are on another scale than those that a model learnt from.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The data; some images of each split are looked at.</param>
    /// <param name="log">Takes a line.</param>
    public static void CheckScale(Model model, DataSet data, Action<string>? log)
    {
        if (InputScale.IsMeasured(model.Normalisation) && data.For(model).ScaleOfInputs().Warning() is { } warning) log?.Invoke(warning);
    }

    private static void CheckClassCount(string what, Model model, int expected)
    {
        if (model.Classes == expected) return;
        var hint = model.Classes == 1 && expected == 2
            ? ", and dst import --outputs logits makes two classes of one output that is the logit of the second" : "";
        throw new InputException($"{what} has {Phrases.Count(model.Classes, "class", "classes")}; the data has {expected}{hint}");
    }
}
