using System.IO.Compression;
using System.Text;
using Dst.Graph;
using Dst.Interop.PyTorch;
using Dst.Interop.Tests.Onnx;
using Dst.ModelFiles;
using Dst.Tests.Cli;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Interop.Tests.PyTorch;

public sealed class StateDictTests(PyTorchTools tools) : IClassFixture<PyTorchTools>, IDisposable
{
    private const int Mutations = 3_000;
    private readonly TemporaryFolder _folder = new();

    private static CheckedGraph Network => Zoo.Build("resnet8", new(3, 16, 16), 5, width: 0.25);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plain")]
    [InlineData("renamed")] // shortcut and linear
    [InlineData("checkpoint")] // inside of a dictionary with other things, with the prefix of DataParallel
    [InlineData("parameters")]
    [InlineData("double")]
    [InlineData("strided")]
    [InlineData("protocol4")]
    public void A_state_dict_gives_the_logits_of_PyTorch(string name)
    {
        using var tensors = StateDict.Open(tools.PathOf(name));
        AssertLogits(StateDictImporter.Import(tensors, Network));
    }

    [Theory]
    [InlineData("ema", null, "the state dict 'state_dict' was taken; there are others, which --state-dict KEY takes: 'ema_state_dict'")]
    [InlineData("model_ema", null, "the state dict 'model' was taken; there are others, which --state-dict KEY takes: 'model_ema'")]
    [InlineData("averaged", null, "the state dict 'state_dict' was taken; there are others, which --state-dict KEY takes: 'ema.module'")]
    [InlineData("inside", null, "the state dict '.' was taken; there are others, which --state-dict KEY takes: 'ema'")]
    [InlineData("prefixes", null, "'state_dict.model' was taken; there are others, which --state-dict KEY takes: 'state_dict.ema_model'")]
    [InlineData("aux", null, "the state dict 'ema' was taken; there are others, which --state-dict KEY takes: 'state_dict'")]
    [InlineData("lightning", null, "tensors that are not of resnet8 were ignored: 'criterion.weight'")]
    [InlineData("swa", null, "tensors that are not of resnet8 were ignored: 'n_averaged'")]
    [InlineData("student", "student", null)]
    [InlineData("ema", "state_dict", null)]
    [InlineData("inside", ".", null)]
    public void The_state_dict_that_fits_is_taken_by_its_name(string name, string? key, string? note)
    {
        var notes = new List<string>();
        using var tensors = StateDict.Open(tools.PathOf(name));
        AssertLogits(StateDictImporter.Import(tensors, (_, _) => Network, key, notes));
        if (note is not null) Assert.Contains(notes, given => given.EndsWith(note, StringComparison.Ordinal));
    }

    [Fact]
    public void The_command_takes_another_state_dict_by_its_key()
    {
        var path = _folder.File("m.safetensors");
        string[] options = ["--arch", "resnet8", "--width", "0.25", "--input", "3,16,16", "--out", path];
        Terminal Run(string name, params string[] key) => Terminal.Run(["import", tools.PathOf(name), .. options, .. key]);

        Run("student").AssertWrongInput("student.pt has several state dicts that fit resnet8: 'teacher', 'student';", "--state-dict KEY");
        Run("student", "--state-dict", "pupil")
            .AssertWrongInput("student.pt has no state dict 'pupil'; --state-dict was expected to be one of 'teacher', 'student'");
        Run("aux", "--state-dict", "state_dict").AssertWrongInput("aux.pt does not fit resnet8: 'aux.weight' is not a part of it");
        Assert.Equal(0, Run("student", "--state-dict", "student").ExitCode);
        AssertLogits(ModelFile.Load(path));

        var average = Run("averaged", "--state-dict", "ema");
        Assert.Equal((0, $"{tools.PathOf("averaged")}: tensors that are not of resnet8 were ignored: 'n_averaged'\n"),
            (average.ExitCode, average.Error));
        Assert.All(ModelFile.Load(path).Parameters["fc.weight"].Data, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData("logits", OutputKind.Logits, 2)]
    [InlineData("none", OutputKind.None, 1)]
    public void One_output_is_what_the_command_says(string word, OutputKind expected, int classes)
    {
        var path = _folder.File("m.safetensors");
        var run = Terminal.Run(
            "import", tools.PathOf("one"), "--arch", "resnet8", "--width", "0.25", "--input", "3,16,16", "--outputs", word, "--out", path);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var model = ModelFile.Load(path);
        Assert.Equal((expected, 1, classes), (model.Outputs, model.OutputCount, model.Classes));
    }

    [Fact]
    public void Repeated_values_are_read_up_to_a_bound()
    {
        using StateDict expanded = StateDict.Open(tools.PathOf("expanded")), huge = StateDict.Open(tools.PathOf("huge"));
        Assert.Equal([0.5f, 0.5f, 0.5f, 0.5f, 0.5f], expanded.Tensors.Single(tensor => tensor.Name == "fc.bias").Read());
        Assert.Contains(
            "repeats 1 values as the 33554432 of tensor 'fc.bias'; at most 16777216 were expected",
            Assert.Throws<InputException>(() => huge.Tensors.Single(tensor => tensor.Name == "fc.bias").Read()).Message);
    }

    [Theory]
    [InlineData("int8", "conv1.weight", "int8")]
    [InlineData("sparse", "fc.weight", "sparse")]
    [InlineData("quantised", "fc.weight", "qtensor")]
    public void Tensors_of_other_types_are_named(string file, string name, string type)
    {
        using var tensors = StateDict.Open(tools.PathOf(file));
        var expected = $"{tools.PathOf(file)} has the tensor '{name}' of the type {type}; float32, float64, float16 or bfloat16 was "
            + "expected, so save it as one of these";
        Assert.Equal(expected, Assert.Throws<InputException>(() => StateDictImporter.Import(tensors, Network)).Message);
        Assert.Equal(
            expected, Assert.Throws<InputException>(() => tensors.Tensors.Single(tensor => tensor.Name == name).Read()).Message);
    }

    [Theory]
    [InlineData("F32", "float32", "0000C03F000080BE")]
    [InlineData("F16", "float16", "003E00B4")]
    [InlineData("BF16", "bfloat16", "C03F80BE")]
    [InlineData("F64", "float64", "000000000000F83F000000000000D0BF")]
    public void Floats_of_every_width_are_read_from_safetensors(string dtype, string type, string stored)
    {
        var (path, bytes) = (_folder.File("w.safetensors"), Convert.FromHexString(stored));
        var header = $$"""{"w":{"dtype":"{{dtype}}","shape":[2],"data_offsets":[0,{{bytes.Length}}] } }""";
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. bytes]);
        using var file = StateDict.Open(path);
        Assert.Equal(type, file.Tensors.Single().Type);
        Assert.Equal([1.5f, -0.25f], file.Tensors.Single().Read());
    }

    [Fact]
    public void Half_precision_becomes_single()
    {
        using StateDict half = StateDict.Open(tools.PathOf("half")), single = StateDict.Open(tools.PathOf("plain"));
        var (rounded, exact) = (half.Tensors.First().Read(), single.Tensors.First().Read());
        Assert.Equal("float16", half.Tensors.First().Type);
        Assert.Equal(Array.ConvertAll(exact, value => (float)(Half)value), rounded);
    }

    [Fact]
    public void The_command_finds_shape_and_classes_and_takes_safetensors_too()
    {
        var path = _folder.File("m.safetensors");
        string[] options = ["--arch", "resnet8", "--width", "0.25", "--input", "3,16,16"];
        var run = Terminal.Run(["import", tools.PathOf("plain"), .. options, "--normalise", "0.5,0.5,0.5/1,1,1", "--out", path]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var model = ModelFile.Load(path);
        Assert.Equal((5, 0.5f), (model.Classes, model.Normalisation!.Mean[0]));
        AssertLogits(model);

        var plain = _folder.File("plain.safetensors");
        SafetensorsFile.Write(
            plain, new Dictionary<string, string>(),
            model.Graph.Parameters.Select(shape => new TensorEntry($"model.{shape.Name}", shape.Shape, model.Parameters[shape.Name].Data)));
        Assert.Equal(0, Terminal.Run(["import", plain, .. options, "--out", path]).ExitCode);
        AssertLogits(ModelFile.Load(path));
    }

    [Theory]
    [InlineData("mobilenetv2")]
    [InlineData("resnet8")]
    [InlineData("aconvnet")]
    public void Classes_and_channels_do_not_depend_on_the_order_of_the_tensors(string arch)
    {
        var (path, shape) = (_folder.File("sorted.safetensors"), Zoo.UsualTask(arch).Input with { Channels = 2 });
        var model = Zoo.Build(arch, shape, 7, width: 0.25);
        SafetensorsFile.Write(
            path, new Dictionary<string, string>(),
            model.Parameters.OrderBy(parameter => parameter.Name, StringComparer.Ordinal)
                .Select(parameter => new TensorEntry($"model.{parameter.Name}", parameter.Shape, new float[parameter.Count])));
        var output = _folder.File("m.safetensors");
        var run = Terminal.Run("import", path, "--arch", arch, "--width", "0.25", "--out", output);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal((shape, 7), (ModelFile.Load(output).Graph.Input, ModelFile.Load(output).Classes));
    }

    [Fact]
    public void Every_tensor_that_does_not_fit_is_named()
    {
        using var tensors = StateDict.Open(tools.PathOf("wrong"));
        Assert.Equal(
            $"{tools.PathOf("wrong")} does not fit resnet8: 'conv1.weight' is [4, 3, 5, 5], [4, 3, 3, 3] was expected; "
                + "'layer1.0.bn2.bias' is missing; 'layer4.weight' is not a part of it",
            Assert.Throws<InputException>(() => StateDictImporter.Import(tensors, Network)).Message);
    }

    [Theory]
    [InlineData("whole", "an object of __main__.ResNet8")]
    [InlineData("old", "before version 1.6")]
    [InlineData("script", "TorchScript")]
    public void Other_files_of_PyTorch_are_called_by_their_names(string name, string expected)
    {
        var message = Assert.Throws<InputException>(() => StateDict.Open(tools.PathOf(name))).Message;
        Assert.Contains(expected, message);
        Assert.Contains("torch.save(model.state_dict(), FILE)", message);
    }

    [Fact]
    public void Nothing_in_a_file_is_executed()
    {
        using (var tensors = StateDict.Open(tools.PathOf("command"))) AssertLogits(StateDictImporter.Import(tensors, Network));
        Assert.False(File.Exists(Path.Combine(tools.Folder, "executed")));
    }

    [Fact]
    public void The_command_says_which_options_are_missing_or_too_many()
    {
        var (file, output) = (tools.PathOf("plain"), _folder.File("m"));
        Terminal.Run("import", file, "--out", output).AssertWrongInput("plain.pt", "--arch NAME was expected");
        Terminal.Run("import", file, "--arch", "resnet9", "--out", output).AssertWrongInput("'resnet9'", "'resnet8'");
        Terminal.Run("import", file, "--input", "3,16,16", "--out", output).AssertWrongInput("--input", "--arch");
        Terminal.Run("import", file, "--state-dict", "ema", "--out", output).AssertWrongInput("--state-dict", "--arch");
        Terminal.Run("import", file, "--arch", "resnet8", "--data.kind", "folder", "--out", output)
            .AssertWrongInput("reads for --restore-batch-norm alone");
        Terminal.Run("inspect", file).AssertWrongInput("plain.pt", "is a PyTorch file");
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("checkpoint")]
    public void A_mutated_file_is_imported_or_refused(string name)
    {
        var original = File.ReadAllBytes(tools.PathOf(name));
        var (random, path, refused) = (new Random(5), _folder.File("mutated.pt"), 0);
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = (byte[])original.Clone();
            if (random.Next(8) == 0) bytes = bytes[..random.Next(4, bytes.Length)];
            for (var count = random.Next(1, 5); count > 0; count--) bytes[random.Next(4, bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, bytes);
            try
            {
                using var tensors = StateDict.Open(path);
                StateDictImporter.Import(tensors, Network);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, Mutations / 10, Mutations);
    }

    [Fact]
    public void Long_names_in_a_file_are_cut_in_its_message()
    {
        var key = new string('k', 5000);
        byte[] pickle =
        [
            0x80, 2, .. "}(X"u8, 4, 0, 0, 0, .. "name"u8, .. "ctorch._utils\n_rebuild_tensor_v2\n((X"u8, 7, 0, 0, 0, .. "storage"u8,
            .. "ctorch\nFloatStorage\nX"u8, .. BitConverter.GetBytes(key.Length), .. Encoding.UTF8.GetBytes(key), .. "X"u8, 3, 0, 0, 0,
            .. "cpu"u8, .. "K"u8, 1, .. "tQK"u8, 0, .. "(K"u8, 1, .. "t(K"u8, 1, .. "t"u8, 0x89, .. "}tRu."u8,
        ];
        var path = _folder.File("long.pt");
        using (var archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using var stream = archive.CreateEntry("archive/data.pkl", CompressionLevel.NoCompression).Open();
            stream.Write(pickle);
        }

        using var tensors = StateDict.Open(path);
        Assert.Equal(
            $"{path} has no storage '{key[..80]}…' for tensor 'name', which was expected",
            Assert.Throws<InputException>(() => Assert.Single(tensors.Tensors).Read()).Message);
    }

    private void AssertLogits(Model model) => OnnxTools.AssertClose(
        NpyFile.Read(Path.Combine(tools.Folder, "logits.npy")).Values, OnnxTools.LogitsOf(model, Path.Combine(tools.Folder, "images.npy")));
}
