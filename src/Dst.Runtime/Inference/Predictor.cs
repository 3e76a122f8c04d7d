using Dst.Graph;
using Dst.Images;
using Dst.Kernels;
using Dst.ModelFiles;

namespace Dst.Runtime.Inference;

/// <summary>
/// A compiled model that takes images and gives class probabilities, or numbers where its outputs have no scale. Any number of threads may
/// call it at once: they share the packed weights. Each call uses a session of its own, which is made if none is idle and kept for later
/// calls.
/// </summary>
/// <example>
/// <code>
/// using var predictor = Predictor.Load("model.safetensors");
/// foreach (var (_, name, probability) in predictor.Top(Image.Read("photo.png"), 3)) Console.WriteLine($"{name} {probability:P1}");
/// </code>
/// </example>
public sealed class Predictor : IDisposable
{
    private readonly InferencePlan _plan;
    private readonly InputNormalisation _normalisation;
    private readonly SessionPool _sessions;

    /// <summary>Compiles a model; later changes to its weights have no effect.</summary>
    /// <param name="model">Network, weights, masks, class names and input normalisation.</param>
    /// <param name="options">How it is compiled, or null for the defaults.</param>
    /// <param name="threads">
    /// Threads that share the work of one call, 1 to <see cref="InferencePlan.MaxThreads"/>. Results do not depend on it. More threads than
    /// cores gain nothing.
    /// </param>
    /// <exception cref="ArgumentException">A part of the model does not fit its graph, such as its class names.</exception>
    /// <exception cref="InputException">An option is out of range.</exception>
    public Predictor(Model model, InferenceOptions? options = null, int threads = 1)
    {
        ModelRules.Check(model, "the model");
        InferencePlan.CheckThreads(threads);
        _plan = InferencePlan.Compile(model, options);
        _normalisation = model.Normalisation ?? InputNormalisation.None(model.Graph.Input.Channels);
        _sessions = new(_plan, threads);
        (Outputs, Classes, ClassNames) = (model.Outputs, model.Classes, model.ClassNames);
    }

    /// <summary>
    /// Reads a model file and compiles it, each layer in its fastest form on this machine: forms that <see cref="PlanCache.OfUser"/> does
    /// not know are measured first.
    /// </summary>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="InputException">The file cannot be read or is not a legal model; the message says what was expected.</exception>
    public static Predictor Load(string path) => Of(Model.Load(path));

    /// <summary>As <see cref="Load(string)"/>, from the bytes of a model file, such as a resource of the program.</summary>
    /// <exception cref="InputException">They are not a legal model; the message says what was expected.</exception>
    public static Predictor Load(ReadOnlyMemory<byte> file) => Of(Model.Load(file));

    /// <summary>As <see cref="Load(string)"/>, from a stream of a model file, to its end.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="file"/> is null.</exception>
    /// <exception cref="InputException">It is not a legal model; the message says what was expected.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static Predictor Load(Stream file) => Of(Model.Load(file));

    /// <summary>Shape of one input: channels (3 are red, green and blue), rows and columns.</summary>
    public FeatureShape Input => _plan.Input;

    /// <summary>What the network's outputs are.</summary>
    public OutputKind Outputs { get; }

    /// <summary>Length of a row of the network's outputs.</summary>
    public int OutputCount => _plan.Outputs;

    /// <summary>Length of a row of probabilities: a single output that has a scale is of two classes.</summary>
    public int Classes { get; }

    /// <summary>The name of each of the <see cref="Classes"/>, or none if the model has no names.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Name of a class, or its number if the model has no names.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no class of this number.</exception>
    public string ClassNameOf(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, Classes);
        return ClassNames.Count > 0 ? ClassNames[label] : $"{label}";
    }

    /// <summary>The form of each convolution, in the order in which they run.</summary>
    public IReadOnlyList<LayerDecision> Decisions => _plan.Decisions;

    /// <summary>Sessions that wait for a call.</summary>
    internal int IdleSessions => _sessions.IdleSessions;

    /// <summary>Classifies an image of any size, which is prepared as <see cref="Model.Normalisation"/> says.</summary>
    /// <returns>The probability of each class; the outputs as they are if they have no scale (<see cref="OutputKind.None"/>).</returns>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="InputException">The image does not have the network's bands.</exception>
    /// <exception cref="NotFiniteNumberException">An output is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public float[] Predict(Image image)
    {
        var probabilities = new float[Classes];
        Predict(image, probabilities);
        return probabilities;
    }

    /// <summary>The most probable classes of an image of any size, the best first.</summary>
    /// <param name="image">Image of any size.</param>
    /// <param name="count">How many, at least 1; at most <see cref="Classes"/> are given.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="InputException">The image does not have the network's bands.</exception>
    /// <exception cref="NotFiniteNumberException">An output is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public IReadOnlyList<RankedClass> Top(Image image, int count = 5) => RankedClass.Best(Predict(image), ClassNameOf, count);

    /// <summary>
    /// <see cref="Predict(Image)"/> on a thread of the pool, so that a user interface goes on meanwhile. Calls may run beside each other.
    /// </summary>
    /// <param name="image">Image of any size.</param>
    /// <param name="cancellation">Ends a call that has not begun.</param>
    /// <exception cref="OperationCanceledException">Cancelled; others as of <see cref="Predict(Image)"/>.</exception>
    public Task<float[]> PredictAsync(Image image, CancellationToken cancellation = default) =>
        Task.Run(() => Predict(image), cancellation);

    /// <summary><see cref="Top"/> on a thread of the pool, as <see cref="PredictAsync"/>.</summary>
    /// <param name="image">Image of any size.</param>
    /// <param name="count">How many, at least 1; at most <see cref="Classes"/> are given.</param>
    /// <param name="cancellation">Ends a call that has not begun.</param>
    /// <exception cref="OperationCanceledException">Cancelled; others as of <see cref="Top"/>.</exception>
    public Task<IReadOnlyList<RankedClass>> TopAsync(Image image, int count = 5, CancellationToken cancellation = default) =>
        Task.Run(() => Top(image, count), cancellation);

    /// <summary>Classifies an image of any size, without allocation unless the normalisation resizes images.</summary>
    /// <param name="image">Image of any size.</param>
    /// <param name="probabilities">[Classes].</param>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="InputException">The image does not have the network's bands, or the length does not match.</exception>
    /// <exception cref="NotFiniteNumberException">An output is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public void Predict(Image image, Span<float> probabilities) => Predict(new ReadOnlySpan<Image>(in image), probabilities);

    /// <summary>Classifies images of any size, in batches of <see cref="InferenceOptions.Batch"/>.</summary>
    /// <param name="images">At least one.</param>
    /// <param name="probabilities">[images, Classes].</param>
    /// <exception cref="ArgumentNullException">An image is null.</exception>
    /// <exception cref="InputException">
    /// There is no image, one does not have the network's bands, or the length does not match.
    /// </exception>
    /// <exception cref="NotFiniteNumberException">An output is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public void Predict(ReadOnlySpan<Image> images, Span<float> probabilities)
    {
        CheckRoom(images.Length, probabilities.Length, Classes);
        ComputeLogits(images, probabilities[..(images.Length * OutputCount)]);
        ToProbabilities(images.Length, probabilities);
    }

    /// <summary>Classifies prepared inputs.</summary>
    /// <param name="inputs">Normalised inputs [count, Channels, Height, Width], count at least 1.</param>
    /// <param name="probabilities">[count, Classes].</param>
    /// <exception cref="InputException">
    /// A length does not match, or a value is not finite and <see cref="InferenceOptions.RefuseNonFinite"/> is set.
    /// </exception>
    /// <exception cref="NotFiniteNumberException">An output is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public void Predict(ReadOnlySpan<float> inputs, Span<float> probabilities)
    {
        var count = CountOf(inputs);
        CheckRoom(count, probabilities.Length, Classes);
        ComputeLogits(inputs, probabilities[..(count * OutputCount)]);
        ToProbabilities(count, probabilities);
    }

    /// <summary>Computes the network's own outputs for images of any size: logits, or what <see cref="Outputs"/> says.</summary>
    /// <param name="images">At least one.</param>
    /// <param name="logits">[images, OutputCount].</param>
    /// <exception cref="ArgumentNullException">An image is null.</exception>
    /// <exception cref="InputException">
    /// There is no image, one does not have the network's bands, or the length does not match.
    /// </exception>
    /// <exception cref="NotFiniteNumberException">An output is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public void ComputeLogits(ReadOnlySpan<Image> images, Span<float> logits)
    {
        CheckRoom(images.Length, logits.Length, OutputCount);
        var state = _sessions.Take();
        try
        {
            for (var first = 0; first < images.Length; first += _plan.Options.Batch)
            {
                var count = Math.Min(_plan.Options.Batch, images.Length - first);
                var inputs = state.Prepare(images.Slice(first, count), _normalisation);
                state.Session.Run(inputs, count, logits.Slice(first * OutputCount, count * OutputCount));
            }
        }
        finally
        {
            _sessions.GiveBack(state);
        }
    }

    /// <summary>Computes the network's own outputs for prepared inputs: logits, or what <see cref="Outputs"/> says.</summary>
    /// <param name="inputs">Normalised inputs [count, Channels, Height, Width], count at least 1.</param>
    /// <param name="logits">[count, OutputCount].</param>
    /// <exception cref="InputException">
    /// A length does not match, or a value is not finite and <see cref="InferenceOptions.RefuseNonFinite"/> is set.
    /// </exception>
    /// <exception cref="NotFiniteNumberException">An output is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public void ComputeLogits(ReadOnlySpan<float> inputs, Span<float> logits)
    {
        var count = CountOf(inputs);
        CheckRoom(count, logits.Length, OutputCount);
        var state = _sessions.Take();
        try
        {
            state.Session.Run(inputs, count, logits);
        }
        finally
        {
            _sessions.GiveBack(state);
        }
    }

    /// <summary>Frees the weights and all sessions. Running calls end first; later ones fail.</summary>
    public void Dispose() => _sessions.Dispose();

    private static Predictor Of(Model model) => new(model, new() { Cache = PlanCache.OfUser() });

    private int CountOf(ReadOnlySpan<float> inputs)
    {
        if (inputs.Length == 0 || inputs.Length % Input.Count != 0)
            throw new InputException($"the inputs have {inputs.Length} values; {Input.Count} for each image of {Input} were expected");
        return (int)(inputs.Length / Input.Count);
    }

    private static void CheckRoom(int count, int room, int row)
    {
        if (count < 1) throw new InputException("there are 0 images to predict; at least 1 was expected");
        if (room != (long)count * row)
            throw new InputException(
                Invariant($"there is room for {room} results of {count} images; {(long)count * row} were expected, {row} for each image"));
    }

    /// <summary>Turns the network's outputs, at the beginning of <paramref name="values"/>, into probabilities in their place.</summary>
    private void ToProbabilities(int count, Span<float> values)
    {
        if (Classes > OutputCount) ToTwoClasses(count, values);
        else if (Outputs == OutputKind.Logits) Softmax.Forward(values, Classes, values);
    }

    private void ToTwoClasses(int count, Span<float> values)
    {
        // From the last image on: its two probabilities overwrite no output that is still to be read.
        for (var i = count - 1; i >= 0; i--)
        {
            var p = Outputs == OutputKind.Sigmoid ? values[i] : 1 / (1 + MathF.Exp(-values[i]));
            (values[2 * i], values[2 * i + 1]) = (1 - p, p);
        }
    }
}
