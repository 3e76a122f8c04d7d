using Dst.Images;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Tests.Inference;

public class EmbedderTests
{
    private const string Layer = "h.tanh";

    private static readonly InferenceOptions Untuned = new() { Tune = false };
    private static readonly Model Faces = Initialiser.Initialise(Zoo.Build("lenet7", new(1, 32, 32), 5), seed: 1) with
    {
        ClassNames = ["a", "b", "c", "d", "e"],
        Normalisation = InputNormalisation.None(1),
    };

    [Fact]
    public void An_embedding_times_the_classifier_is_the_logits_up_to_its_length()
    {
        using Embedder embedder = new(Faces, Layer, Untuned), values = new(Faces, "f", Untuned);
        using var predictor = new Predictor(Faces, Untuned);
        var (logits, embedding) = (new float[5], embedder.Embed(Noise(1)));
        predictor.ComputeLogits([Noise(1)], logits);
        Assert.Equal((120, 5), (embedder.Length, values.Length));
        Assert.Equal(1, Embedder.Similarity(embedding, embedding), 5);
        var (weight, bias) = (Faces.Parameters["f.weight"].Data, Faces.Parameters["f.bias"].Data);
        var products = Enumerable.Range(0, 5).Select(k => Enumerable.Range(0, 120).Sum(i => weight[k * 120 + i] * embedding[i])).ToArray();
        var length = (logits[0] - bias[0]) / products[0];
        Assert.All(Enumerable.Range(0, 5), k => Assert.Equal(logits[k] - bias[k], length * products[k], 4));
    }

    [Fact]
    public void A_batch_gives_what_single_images_give_and_prepared_inputs_too()
    {
        using var embedder = new Embedder(Faces, "s2", Untuned with { Batch = 2 });
        Image[] images = [Noise(1), Noise(2), Noise(3)];
        var (embeddings, inputs) = (new float[3 * embedder.Length], new float[3 * 1024]);
        embedder.Embed(images, embeddings);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(embedder.Embed(images[i]), embeddings[(i * embedder.Length)..((i + 1) * embedder.Length)]);
            Preprocessor.Prepare(images[i], Faces.Normalisation!, embedder.Input, inputs.AsSpan(i * 1024, 1024));
        }

        var prepared = new float[embeddings.Length];
        embedder.Embed(inputs, prepared);
        Assert.Equal(embeddings, prepared);
    }

    [Fact]
    public void An_image_for_which_a_layer_gives_zeros_is_refused()
    {
        var zeros = Faces.Parameters.ToDictionary(p => p.Key, p => new Tensor(p.Value.Shape, new float[p.Value.Data.Length]));
        var blank = Faces with { Parameters = zeros };
        using var embedder = new Embedder(blank, Layer, Untuned);
        var error = Assert.Throws<InputException>(() => embedder.Embed(Noise(1)));
        Assert.Equal("an image has no embedding: all values of the layer are 0; another image or layer was expected", error.Message);
        var embedding = new float[embedder.Length];
        embedder.Embed([Noise(1)], embedding); // a row of many does not stop the others
        Assert.All(embedding, value => Assert.Equal(0, value));
        Assert.Equal(0, Embedder.Similarity(embedding, embedding));
    }

    [Fact]
    public void A_file_its_bytes_and_a_stream_of_them_give_one_embedding()
    {
        using var folder = new TemporaryFolder();
        Faces.Save(folder.File("faces.safetensors"));
        var bytes = File.ReadAllBytes(folder.File("faces.safetensors"));
        using var stream = new MemoryStream(bytes);
        using Embedder ofFile = Embedder.Load(folder.File("faces.safetensors"), Layer), ofBytes = Embedder.Load(bytes, Layer);
        using var ofStream = Embedder.Load(stream, Layer);
        var expected = ofFile.Embed(Noise(1));
        foreach (var other in new[] { ofBytes, ofStream }) // each may measure other forms of a layer to be the fastest
            Assert.Equal(1, Embedder.Similarity(expected, other.Embed(Noise(1))), 4);
    }

    [Fact]
    public void A_model_up_to_a_layer_keeps_the_masks_of_its_layers()
    {
        var mask = new LayerMask([16, 6, 5, 5], new(PruningUnit.Kernel, block: 16, group: 2), [true, false, true, false, true, false]);
        var weight = (float[])Faces.Parameters["c2.weight"].Data.Clone();
        mask.Apply(weight);
        var halved = Faces with
        {
            Parameters = new Dictionary<string, Tensor>(Faces.Parameters) { ["c2.weight"] = new([16, 6, 5, 5], weight) },
            Masks = new Dictionary<string, LayerMask> { ["c2"] = mask },
        };
        Assert.Same(mask, halved.UpTo("s2").Masks["c2"]);
        var first = halved.UpTo("s1");
        Assert.Empty(first.Masks);
        Assert.Equal(["c1.weight", "c1.bias", "s1.weight", "s1.bias"], first.Parameters.Keys);
        Assert.Equal(OutputKind.None, first.Outputs);
    }

    [Fact]
    public void A_layer_that_is_not_there_is_named_with_the_nearest()
    {
        var error = Assert.Throws<InputException>(() => Faces.UpTo("h.tan"));
        Assert.EndsWith("no layer 'h.tan'; did you mean 'h.tanh'?", error.Message);
        Assert.Contains("no layer 'embedding'; one of ", Assert.Throws<InputException>(() => Faces.UpTo("embedding")).Message);
    }

    [Fact]
    public void A_gallery_gives_the_name_of_the_most_similar_entry()
    {
        var gallery = new EmbeddingGallery();
        Assert.Throws<InvalidOperationException>(() => gallery.FindNearest([1, 0]));
        gallery.Add("ann", [1, 0]);
        gallery.Add("ann", [0.8f, 0.6f]);
        gallery.Add("bob", [0, 1]);
        var (name, similarity) = gallery.FindNearest([0.6f, 0.8f]);
        Assert.Equal(("ann", 0.96, 3), (name, Math.Round(similarity, 5), gallery.Count));
        Assert.Equal("bob", gallery.FindNearest([-0.6f, 0.8f]).Name);
        Assert.Throws<ArgumentException>(() => gallery.FindNearest([1, 0, 0]));
    }

    [Fact]
    public void A_gallery_takes_finite_embeddings_of_one_length_and_a_name()
    {
        var gallery = new EmbeddingGallery();
        Assert.Throws<ArgumentNullException>(() => gallery.Add(null!, [1, 0]));
        AssertRefused("the embedding has 0 numbers; 1 expected", () => gallery.Add("ann", []));
        AssertRefused("number 1 of the embedding is NaN; finite ones expected", () => gallery.Add("ann", [1, float.NaN]));
        gallery.Add("ann", [1, 0]);
        AssertRefused("the embedding has 3 numbers; 2 expected", () => gallery.Add("ann", [1, 0, 0]));
        AssertRefused("number 0 of the embedding is NaN", () => gallery.FindNearest([float.NaN, 0]));
        AssertRefused("all numbers of the embedding are 0", () => gallery.Add("ann", [0, -0f]));
        AssertRefused("all numbers of the embedding are 0", () => gallery.FindNearest([0, 0]));
        Assert.Equal(1, gallery.Count);

        static void AssertRefused(string words, Action action) =>
            Assert.Contains(words, Assert.Throws<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gallery_ranks_names_by_their_best_entry_and_forgets_them()
    {
        var gallery = new EmbeddingGallery();
        gallery.Add("ann", [1, 0]);
        gallery.Add("bob", [0.8f, 0.6f]);
        gallery.Add("ann", [0, 1]);
        gallery.Add("cid", [-1, 0]);
        Assert.Equal(["ann", "bob", "cid"], gallery.Names);
        Assert.Equal([("bob", 0.96), ("ann", 0.8)], gallery.FindNearest([0.6f, 0.8f], 2).Select(Rounded));
        Assert.Equal([("bob", 0.96), ("ann", 0.8), ("cid", -0.6)], gallery.FindNearest([0.6f, 0.8f], 9).Select(Rounded));
        Assert.Throws<ArgumentOutOfRangeException>(() => gallery.FindNearest([1, 0], 0));
        Assert.Equal((2, 0), (gallery.Remove("ann"), gallery.Remove("ann")));
        Assert.Equal(("bob", "cid", 2), (gallery.FindNearest([0.6f, 0.8f]).Name, gallery.Names[1], gallery.Count));

        static (string, double) Rounded(GalleryMatch match) => (match.Name, Math.Round(match.Similarity, 5));
    }

    [Fact]
    public void A_gallery_of_several_threads_keeps_all_entries_while_it_is_searched()
    {
        var gallery = new EmbeddingGallery();
        gallery.Add("0", [1, 0]);
        Parallel.For(1, 200, i =>
        {
            gallery.Add($"{i}", [1, i]);
            Assert.NotEmpty(gallery.FindNearest([1, i], 3));
        });
        Assert.Equal(200, gallery.Names.Count);
    }

    [Fact]
    public void A_saved_gallery_is_that_of_its_model_and_layer_on_any_vector_width()
    {
        using var folder = new TemporaryFolder();
        var (path, gallery) = (folder.File("people.safetensors"), new EmbeddingGallery());
        using Embedder embedder = new(Faces, Layer, Untuned), narrow = new(Faces, Layer, Untuned with { Tier = SimdTier.Scalar });
        Assert.Contains("empty", Assert.Throws<ArgumentException>(() => gallery.Save(path, embedder)).Message);
        foreach (var (seed, name) in new[] { (1, "Ann"), (2, "Ann"), (3, "Bo\"\u00e9") }) gallery.Add(name, embedder.Embed(Noise(seed)));
        gallery.Save(path, embedder);

        var read = EmbeddingGallery.Load(path, narrow);
        Assert.Equal(gallery.Names, read.Names);
        Assert.Equal(gallery.FindNearest(embedder.Embed(Noise(4)), 2), read.FindNearest(embedder.Embed(Noise(4)), 2));
        using Embedder layer = new(Faces, "h", Untuned), other = new(Faces, "s2", Untuned);
        using var model = new Embedder(Initialiser.Initialise(Zoo.Build("lenet7", new(1, 32, 32), 5), seed: 2), Layer, Untuned);
        AssertRefused("is the gallery of another model or layer", path, layer);
        AssertRefused("is the gallery of another model or layer", path, model);
        AssertRefused("is the gallery of another model or layer", path, other);
        Assert.Throws<ArgumentException>(() => gallery.Save(path, other));
    }

    [Fact]
    public void A_gallery_of_a_layer_that_gives_0_for_the_probe_is_read_again()
    {
        using var folder = new TemporaryFolder();
        var dead = Faces with
        {
            Parameters = Faces.Parameters.ToDictionary(
                parameter => parameter.Key, parameter => new Tensor(parameter.Value.Shape, new float[parameter.Value.Data.Length])),
        };
        using var embedder = new Embedder(dead, Layer, Untuned);
        var gallery = new EmbeddingGallery();
        gallery.Add("Ann", [1, .. new float[embedder.Length - 1]]);
        gallery.Save(folder.File("people"), embedder);
        Assert.Equal(["Ann"], EmbeddingGallery.Load(folder.File("people"), embedder).Names);
    }

    [Fact]
    public void A_file_that_is_no_gallery_is_refused_in_a_sentence()
    {
        using var folder = new TemporaryFolder();
        using var embedder = new Embedder(Faces, Layer, Untuned);
        var (path, row) = (folder.File("file.safetensors"), embedder.Embed(Noise(1)));
        Write("[\"Ann\"]", row, format: "dst-model");
        AssertRefused("is no gallery", path, embedder);
        Write("[\"Ann\", \"Bo\"]", row);
        AssertRefused("'embeddings'", path, embedder);
        Write("[\"\"]", row);
        AssertRefused("a name for each entry was expected", path, embedder);
        Write("[null]", row);
        AssertRefused("a name for each entry was expected", path, embedder);
        Write("{", row);
        AssertRefused("no JSON list of texts", path, embedder);
        Write("[\"Ann\"]", new float[row.Length]);
        AssertRefused("has an entry 'Ann' that is no embedding: all numbers of the embedding are 0", path, embedder);
        AssertRefused("missing", folder.File("missing.safetensors"), embedder);

        void Write(string names, float[] values, string format = "dst-gallery")
        {
            var gallery = new EmbeddingGallery();
            gallery.Add("Ann", row);
            gallery.Save(path, embedder);
            float[] probe;
            using (var file = SafetensorsFile.Open(path)) probe = file.ReadFloats("probe", row.Length);
            SafetensorsFile.Write(
                path, new Dictionary<string, string> { ["format"] = format, ["names"] = names },
                [new("embeddings", [1, row.Length], values), new("probe", [row.Length], probe)]);
        }
    }

    [Fact]
    public void A_model_and_a_layer_must_be_named()
    {
        Assert.Throws<ArgumentNullException>("path", () => Embedder.Load((string)null!, Layer));
        Assert.Throws<ArgumentNullException>("file", () => Embedder.Load((Stream)null!, Layer));
        Assert.Throws<ArgumentNullException>("layer", () => Faces.UpTo(null!));
        Assert.Throws<ArgumentNullException>("layer", () => Embedder.Load("missing.safetensors", null!));
    }

    private static void AssertRefused(string words, string path, Embedder embedder)
    {
        var message = Assert.Throws<InputException>(() => EmbeddingGallery.Load(path, embedder)).Message;
        Assert.Contains(words, message, StringComparison.Ordinal);
        Assert.Contains(path, message, StringComparison.Ordinal);
    }

    private static Image Noise(int seed)
    {
        var pixels = new byte[40 * 36];
        new Random(seed).NextBytes(pixels);
        return new(1, 40, 36, 8, pixels);
    }
}
