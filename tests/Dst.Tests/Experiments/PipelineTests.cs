using System.Globalization;
using System.Text.Json;
using Dst.Images;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

/// <summary>The whole method on a tiny data set: all arms and files, whatever the threads and interruptions.</summary>
public sealed class PipelineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_arms_run_and_the_run_folder_holds_what_the_design_says()
    {
        string path;
        using (var run = TinyRun.Create(TinyRun.Recipe(_folder.Path)))
        {
            TinyRun.Run(run);
            path = run.Path;
        }

        Assert.Equal(Path.Combine(_folder.Path, "tiny", "20260102-030405"), path);
        var files = Directory.GetFiles(path).Select(Path.GetFileName).Order();
        string[] others = ["checkpoint-last.safetensors", "manifest.json", "metrics.csv", "recipe.yaml", "summary.json"];
        var ofArms = ArmNames.OfFloats.SelectMany(arm => new[] { $"{arm}.safetensors", $"{arm}-test.safetensors" });
        Assert.Equal(others.Concat(ofArms).Order(), files);
        Assert.Equal(1 + 3 + 3 + 3 + 2 + 2 + 2 + 2 + 3, TinyRun.Metrics(path).Length);

        using var summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(path, "summary.json")));
        Assert.Equal("tiny", summary.RootElement.GetProperty("recipe").GetString());
        Assert.Equal(5, summary.RootElement.GetProperty("seed").GetInt64());
        var arms = summary.RootElement.GetProperty("arms").EnumerateArray().ToDictionary(arm => arm.GetProperty("arm").GetString()!);
        Assert.Equal(ArmNames.OfFloats, arms.Keys);
        foreach (var (name, arm) in arms)
        {
            foreach (var key in new[] { "test_top1", "validation_top1" }) Assert.InRange(arm.GetProperty(key).GetDouble(), 0, 1);
            Assert.InRange(arm.GetProperty("seconds").GetDouble(), 0, double.MaxValue);
            Assert.Equal(3, arm.GetProperty("latency_ms").GetProperty("median").GetDouble());
            Assert.Equal(new FileInfo(Path.Combine(path, $"{name}.safetensors")).Length, arm.GetProperty("file_bytes").GetInt64());
            Assert.Equal(12, arm.GetProperty("confusion").EnumerateArray().Sum(row => row.EnumerateArray().Sum(count => count.GetInt32())));
            var isPruned = name is ArmNames.Uhp or ArmNames.Dst or ArmNames.UnstructuredKd;
            Assert.Equal(isPruned, arm.GetProperty("nonzero").GetInt64() < arm.GetProperty("weights").GetInt64());
            Assert.Equal(isPruned, arm.GetProperty("effective_macs").GetInt64() < arm.GetProperty("macs").GetInt64());
            Assert.Equal(isPruned ? 1 : 2, arm.GetProperty("latency_ms").GetProperty("min").GetDouble());
            Assert.Equal(isPruned ? JsonValueKind.Object : JsonValueKind.Null, arm.GetProperty("latency_dense_ms").ValueKind);
            Assert.Equal(isPruned, arm.GetProperty("layers").GetArrayLength() > 0);
        }

        var halved = arms[ArmNames.Dst].GetProperty("effective_macs").GetInt64();
        Assert.InRange(arms[ArmNames.HalfWidth].GetProperty("macs").GetInt64(), 0.6 * halved, 1.4 * halved);
        Assert.Equal(arms[ArmNames.Dst].GetProperty("nonzero").GetInt64(), arms[ArmNames.UnstructuredKd].GetProperty("nonzero").GetInt64());
    }

    [Fact]
    public void Pruned_arms_keep_their_pattern_and_start_from_the_best_distilled_student()
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, "arms=[uhp, dst]"));
        var summary = TinyRun.Run(run);
        Assert.Equal([ArmNames.Teacher, ArmNames.StudentKd, ArmNames.Uhp, ArmNames.Dst], summary.Arms.Select(arm => arm.Arm));

        var (student, uhp, dst) = (Load(run, ArmNames.StudentKd), Load(run, ArmNames.Uhp), Load(run, ArmNames.Dst));
        Assert.NotEmpty(dst.Masks);
        foreach (var (layer, mask) in Training.Masks.PruningPlan.Create(student, run.Recipe.Prune).Masks)
        {
            Assert.Equal(mask.Kept, uhp.Masks[layer].Kept);
            Assert.Equal(mask.Kept, dst.Masks[layer].Kept);
        }

        Assert.NotEqual(uhp.Parameters["conv1.weight"].Data, dst.Parameters["conv1.weight"].Data);
    }

    [Theory]
    [InlineData("arms=[dst]", "distill_pruned={preset: dist, teacher: dense}")] // correlates over the images of a batch
    [InlineData("arms=[dst]")]
    [InlineData("arms=[dst-int8]", "quantise.epochs=1", "train.epochs=1")]
    public void Two_threads_give_the_bytes_of_one(params string[] settings)
    {
        var one = RunIn("one", ["threads=1", .. settings]);
        var two = RunIn("two", ["threads=2", .. settings]);
        AssertSameResults(one, two);
    }

    [Theory]
    [InlineData("prune.method=one_shot")]
    [InlineData("prune.score=obs", "prune.repair=least_squares", "prune.permute=true", "prune.calibration.images=10")]
    [InlineData("data.labels_per_class=2", "train.batch=10")] // as many steps with 6 labelled and 18 unlabelled images
    [InlineData("prune_train.schedule.kind=rewind", "prune.permute=true", "distill_pruned={preset: dist, teacher: dense, features: 1}")]
    [InlineData(
        "data.mixup=0.2", "data.cutmix=1", "data.erase=0.5", "data.contrast=0.3", "data.sampling=balanced", "prune.score=taylor")]
    [InlineData("data.labels_per_class=2", "data.cutmix=1", "train.class_weights=balanced", "train.label_smoothing=0.1")]
    [InlineData(
        "prune.method=gradual", "prune.gradual={share: 0.6, stages: 3}", "prune.group=8", "prune.score=taylor", "prune.permute=true")]
    [InlineData(
        "prune.method=sr_ste", "prune.group=4", "distill.attention={weight: 9, layers: [{teacher: relu, student: relu}]}",
        "distill.hints={weight: 1, layers: [{teacher: avgpool, student: avgpool}]}")]
    [InlineData("prune.method=random_channels", "prune.unit=kernel", "prune.group=8", "prune.incremental={stages: 3, share: 0.6}")]
    [InlineData("pretrain={decoder: upsample, teacher: true, noise: 0.5, train: {epochs: 2}}", "data.labels_per_class=4")]
    [InlineData( // 3 steps of teacher and student, 6 of the quantised student, 3 of the pruned one, 6 of the quantised one
        "arms=[student-int8, dst-int8]", "train.epochs=1", "prune_train.epochs=1", "quantise={epochs: 2, method: percentile}",
        "prune.permute=true", "distill_pruned.features=1")]
    [InlineData("teacher={arch: vgg8, width: 0.1, pooling: stochastic}", "student={arch: vgg8, width: 0.1, pool_dropout: 0.5}")]
    public void A_run_that_is_interrupted_anywhere_ends_with_the_bytes_of_an_unbroken_one(params string[] settings)
    {
        string[] arms = ["arms=[teacher, student-kd, dst]", .. settings];
        var unbroken = RunIn("unbroken", arms);
        // 24 training images in batches of 9 are 3 steps an epoch: 9 of the teacher, 9 of the student, 6 of the pruned one.
        foreach (var crash in new[] { false, true })
        {
            var recipe = TinyRun.Recipe(_folder.File(crash ? "crashed" : "cancelled"), arms);
            string path;
            using (var run = TinyRun.Create(recipe)) path = run.Path;
            foreach (var steps in new[] { 1, 3, 7, 2, 5 }) Interrupt(path, steps, crash);
            using (var run = RunFolder.Resume(path, [])) TinyRun.Run(run);
            AssertSameResults(unbroken, path);
        }
    }

    [Fact]
    public void Measured_convolutions_are_recorded_and_a_resumed_run_keeps_them()
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, "arms=[student]", "train.convolutions=measured"));
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(
            () => TinyRun.Run(run, epochEnded: _ => cancellation.Cancel(), cancellation: cancellation.Token));
        var recorded = Recorded(run).EnumerateObject().ToDictionary(layer => layer.Name, layer => layer.Value.GetString()!);
        Assert.Equal(recorded, CheckpointFile.FindForms(run.CheckpointPath, ArmNames.Student)!.Layers);

        // As if another machine had measured: the checkpoint decides, and nothing is measured.
        var flipped = recorded.ToDictionary(layer => layer.Key, layer => layer.Value == "direct" ? "winograd2x2" : "direct");
        RewriteForms(run.CheckpointPath, flipped);
        TinyRun.Run(run);
        Assert.Equal(flipped, CheckpointFile.FindForms(run.CheckpointPath, ArmNames.Student)!.Layers);

        static JsonElement Recorded(RunFolder run)
        {
            var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(run.Path, "manifest.json")));
            return manifest.RootElement.GetProperty("convolutions").GetProperty(ArmNames.Student);
        }
    }

    [Fact]
    public void A_run_killed_between_an_arms_training_and_its_summary_is_finished_without_training()
    {
        var path = RunIn("run", "arms=[student]");
        var (model, metrics) = (File.ReadAllBytes(Path.Combine(path, "student.safetensors")), TinyRun.Metrics(path));
        File.Delete(Path.Combine(path, "summary.json"));
        File.Delete(Path.Combine(path, "student.safetensors"));
        using (var run = RunFolder.Resume(path, []))
            Assert.NotNull(TinyRun.Run(run, _ => Assert.Fail("a step was trained")).Find(ArmNames.Student));
        Assert.Equal(model, File.ReadAllBytes(Path.Combine(path, "student.safetensors")));
        Assert.Equal(metrics, TinyRun.Metrics(path));
    }

    [Fact]
    public void Settings_that_a_later_arm_could_not_use_are_found_before_the_first_is_trained()
    {
        var cases = 0;
        foreach (var (setting, expected) in new[]
        {
            ("data.validation=0", "data.validation"),
            ("student.arch=resnet9", "network 'resnet9' is unknown"),
            ("prune.exclude=[conv99]", "'conv99'"),
            ("prune.exclude=['*']", "section prune leaves every layer of 'resnet8' dense: "),
            ("prune={method: gradual, repair: batch_norm}", "prune.repair is batch_norm with prune.method gradual"),
            ("prune={method: gradual, score: obs}", "prune.score is obs with prune.method gradual"),
            ("prune={score: obs, repair: batch_norm}", "prune.score is obs with prune.repair batch_norm"),
            ("prune={method: sr_ste, score: taylor}", "prune.score is taylor with prune.method sr_ste"),
            ("prune={method: random_channels, unit: weight}", "expected kernel, l1 and false"),
            ("prune={method: random_channels, unit: kernel, permute: true}", "expected kernel, l1 and false"),
            ("prune={method: random_channels, unit: kernel, score: taylor}", "expected kernel, l1 and false"),
            ("prune={method: sr_ste, permute: true}", "prune.permute is true with prune.method sr_ste"),
            ("distill={hints: {weight: 1, layers: [{teacher: relu, student: nope}]}}", "the student layer 'nope'"),
            ("prune_train.schedule.warmup_epochs=9", "schedule.warmup_epochs is 9"),
            ("distill_pruned={attention: {weight: 1, layers: [{teacher: no, student: relu}]}}", "distill_pruned.attention.layers has"),
            ("prune_train={epochs: 4, schedule: {kind: rewind}}", "prune_train.epochs is 4 with prune_train.schedule.kind rewind"),
            ("train.schedule.kind=rewind", "only prune_train can replay train's schedule"),
            ("prune_train={schedule: {kind: one_cycle, restarts: 1}}", "schedule.restarts is 1 with kind one_cycle"),
            ("student={is_teacher: true}", "arms has student while student.is_teacher is true"),
            ("student={is_teacher: true, model: /m}", "student.model is /m while student.is_teacher is true"),
            ("teacher.train.optimizer.momentum=0", "optimizer.momentum is 0"),
            ("pretrain.noise=0.5", "pretrain.noise is 0.5 with pretrain.decoder none"),
            ("pretrain.teacher=true", "pretrain.teacher is true with pretrain.decoder none"),
            ("pretrain={decoder: upsample, train: {schedule: {warmup_epochs: 9}}}", "pretrain.train.schedule.warmup_epochs is 9"),
        })
        {
            using var run = TinyRun.Create(TinyRun.Recipe(_folder.File($"{cases++}"), setting));
            var steps = 0;
            Assert.Contains(
                expected, Assert.Throws<InputException>(() => TinyRun.Run(run, _ => steps++)).Message, StringComparison.Ordinal);
            Assert.Equal(0, steps);
        }
    }

    [Theory]
    [InlineData("prune_train.schedule.kind is rewind with prune.method sr_ste", "prune.method=sr_ste", "prune_train.schedule.kind=rewind")]
    [InlineData("prune_train.class_weights is balanced with data.sampling", "data.sampling=balanced", "prune_train.class_weights=balanced")]
    [InlineData("dkd of distill or distill_pruned has a weight while data.mixup", "data.mixup=0.2", "distill.dkd.target=1")]
    [InlineData("dkd of distill or distill_pruned has a weight while data.mixup", "data.cutmix=1", "distill_pruned.dkd.non_target=8")]
    [InlineData("pretrain.decoder is upsample while student.from is /f", "pretrain.decoder=upsample", "student.from=/f", "arms=[uhp]")]
    [InlineData(
        "pretrain.decoder is upsample while student.is_teacher", "pretrain.decoder=upsample", "student.is_teacher=true",
        "prune.method=sr_ste", "arms=[uhp]")]
    [InlineData("student.from is /f with the arm half-width; expected", "student.from=/f", "arms=[half-width]")]
    [InlineData("student.from is /f with prune.method sr_ste, which", "student.from=/f", "prune.method=sr_ste", "arms=[uhp]")]
    [InlineData("teacher.train.patience is 2 with data.validation_from none", "train.patience=2", "data.validation_from=none")]
    [InlineData("pretrain.teacher is true while teacher.from is /f", "pretrain={decoder: upsample, teacher: true}", "teacher.from=/f")]
    [InlineData("quantise.keep_float has 'no', which fits no layer with weights", "arms=[dst-int8]", "quantise.keep_float=[no]")]
    [InlineData("quantise.keep_float names each of the 10 layers", "arms=[student-int8]", "quantise.keep_float=['*']")]
    [InlineData("quantise.schedule.warmup_epochs is 9", "arms=[dst-int8]", "quantise={epochs: 1, schedule: {warmup_epochs: 9}}")]
    [InlineData("cache_teacher of distill or distill_pruned is true while", "data.mixup=0.2", "distill.cache_teacher=true")]
    public void Settings_that_contradict_each_other_are_refused(string expected, params string[] settings)
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, settings));
        var error = Assert.Throws<InputException>(() => TinyRun.Run(run, _ => Assert.Fail("a step was trained")));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_quantised_arm_is_measured_as_inference_computes_it(int epochs)
    {
        using var run = TinyRun.Create(TinyRun.Recipe(
            _folder.Path, "arms=[dst-int8]", $"quantise.epochs={epochs}", "quantise.images=8", "quantise.keep_float=[conv1]"));
        var lines = new List<string>();
        var arm = TinyRun.Run(run, log: lines.Add).Find(ArmNames.DstInt8)!;
        Assert.Contains("dst-int8: ranges of 8 training images; 100 to 500 images give better ones", lines);
        var (model, dst) = (Load(run, ArmNames.DstInt8), Load(run, ArmNames.Dst));
        Assert.DoesNotContain("conv1", model.Int8!.Filters.Keys);
        Assert.Contains("fc", model.Int8.Filters.Keys);
        Assert.Equal(dst.Masks.Keys.Order(), model.Masks.Keys.Order());
        Assert.All(dst.Masks, mask => Assert.Equal(mask.Value.Kept, model.Masks[mask.Key].Kept));
        var start = Model.Load(run.StartPath(ArmNames.DstInt8));
        Assert.Equal(start.Int8!.Values, model.Int8.Values);
        Assert.Equal(epochs == 0, start.Parameters["fc.weight"].Data.SequenceEqual(model.Parameters["fc.weight"].Data));
        Assert.Equal((epochs, epochs == 0 ? 0 : 24), (arm.Epochs, arm.LabelledImages));
        Assert.True(arm.FileBytes < new FileInfo(run.ModelPath(ArmNames.Dst)).Length / 2);

        using var again = TinyRun.Create(TinyRun.Recipe(
            _folder.File("again"), "arms=[student-int8]", $"student.model={run.ModelPath(ArmNames.DstInt8)}"));
        Assert.Contains("is quantised already", Assert.Throws<InputException>(() => TinyRun.Run(again)).Message, StringComparison.Ordinal);

        using var predictor = new Runtime.Inference.Predictor(model.ToLogits(), new() { Tune = false });
        var data = TinyRun.Load(run.Recipe);
        foreach (var (samples, top1) in new[] { (data.Test, arm.TestTop1), (data.Validation, arm.ValidationTop1) })
        {
            using var loader = new Training.Data.BatchLoader(data.For(model), samples, 9, augment: false, seed: 0);
            Assert.Equal(Evaluator.Evaluate(predictor, loader).Top1, top1);
        }
    }

    [Fact]
    public void Student_and_teacher_begin_as_encoders_of_auto_encoders()
    {
        var lines = new List<string>();
        using var run = TinyRun.Create(TinyRun.Recipe(
            _folder.Path, "arms=[student, half-width]", "pretrain={decoder: conv_transpose, teacher: true, train: {epochs: 6, ema: 0}}"));
        TinyRun.Run(run, log: lines.Add);
        foreach (var name in ArmNames.AutoEncoders)
        {
            var losses = TinyRun.Metrics(run.Path).Select(line => line.Split(',')).Where(cells => cells[0] == name)
                .Select(cells => double.Parse(cells[3], CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(6, losses.Count);
            Assert.True(losses[^1] < losses[0], string.Join(", ", losses));
            Assert.Equal(OutputKind.None, Load(run, name).Outputs);
            var picture = ImageFile.Read(run.ReconstructionsPath(name));
            Assert.Equal((1, 2 * 17 + 1, 6 * 17 + 1), (picture.Channels, picture.Height, picture.Width)); // of 6 validation images
        }

        foreach (var network in new[] { ArmNames.Student, ArmNames.Teacher })
        {
            Assert.Contains(
                $"{network}: 9 layers from conv1 to layer3.0.downsample.0 begin as in the auto-encoder, fc with initial weights", lines);
        }

        var widths = ArmNames.AutoEncoders.Select(name => Load(run, name).Parameters["conv1.weight"].Data.Length).ToList();
        Assert.True(widths[0] > widths[1], $"teacher {widths[0]}, student {widths[1]}");
        Assert.Contains(lines, line => line.StartsWith("half-width: it has initial weights", StringComparison.Ordinal));
        Assert.Contains(
            "half-width: conv1, layer1.0.conv1, layer1.0.conv2 keep more than half of the student's channels, because a layer has at "
            + "least 4",
            lines);
    }

    [Fact]
    public void Without_validation_images_all_train_and_the_last_epoch_is_kept()
    {
        var lines = new List<string>();
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, "arms=[student]", "data.validation_from=none"));
        TinyRun.Run(run, log: lines.Add);
        var data = TinyRun.Load(run.Recipe);
        Assert.Equal((30, 0, false), (data.Training.Count, data.Validation.Count, data.HasValidation));
        var arm = RunSummary.Load(Path.Combine(run.Path, "summary.json")).Find(ArmNames.Student)!;
        Assert.Equal((3, 3, 30), (arm.BestEpoch, arm.Epochs, arm.LabelledImages));
        var measured = TinyRun.Metrics(run.Path).Skip(1)
            .Select(line => double.Parse(line.Split(',')[6], CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(measured[^1], arm.ValidationTop1);
        Assert.Contains(lines, line => line.StartsWith("data: no image is held back: the last epoch is kept", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_weight_for_a_teacher_a_student_is_trained_on_labels_alone()
    {
        using var run = TinyRun.Create(TinyRun.Recipe(
            _folder.Path, "arms=[student, student-kd, dst]", "distill.alpha=0", "distill_pruned.features=0.5"));
        TinyRun.Run(run);
        Assert.Equal([ArmNames.Student, ArmNames.StudentKd, ArmNames.Dst], TinyRun.Arms(run.Path));
        var (student, taught) = (Load(run, ArmNames.Student), Load(run, ArmNames.StudentKd));
        Assert.All(student.Parameters, pair => Assert.Equal(pair.Value.Data, taught.Parameters[pair.Key].Data));
    }

    [Fact]
    public void Cancelling_while_the_test_data_is_read_leaves_an_arm_that_is_finished_without_training()
    {
        var unbroken = RunIn("unbroken", "arms=[student]");
        var run = TinyRun.Create(TinyRun.Recipe(_folder.File("cancelled"), "arms=[student]"));
        using (run)
        {
            using var cancellation = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(
                () => TinyRun.Run(run, epochEnded: epoch => { if (epoch == 3) cancellation.Cancel(); }, cancellation: cancellation.Token));
        }

        Assert.Empty(TinyRun.Arms(run.Path));
        using (var resumed = RunFolder.Resume(run.Path, [])) TinyRun.Run(resumed, _ => Assert.Fail("a step was trained"));
        AssertSameResults(unbroken, run.Path);
    }

    private static void RewriteForms(string checkpoint, Dictionary<string, string> forms)
    {
        List<TensorEntry> tensors;
        using (var file = SafetensorsFile.Open(checkpoint))
        {
            tensors = [.. file.Tensors.Select(tensor => tensor.Value.Type == TensorType.I64
                ? new TensorEntry(tensor.Key, tensor.Value.Shape, file.ReadLongs(tensor.Key, tensor.Value.Shape))
                : new TensorEntry(tensor.Key, tensor.Value.Shape, file.ReadFloats(tensor.Key, tensor.Value.Shape)))];
        }

        var metadata = new Dictionary<string, string>
        {
            ["format"] = "dst-checkpoint",
            ["version"] = "1",
            ["arm"] = ArmNames.Student,
            ["convolutions"] = JsonSerializer.Serialize(forms),
        };
        SafetensorsFile.Write(checkpoint, metadata, tensors);
    }

    private static Model Load(RunFolder run, string arm) => ModelFile.Load(run.ModelPath(arm));

    private static void AssertSameResults(string expected, string actual)
    {
        foreach (var file in Directory.GetFiles(expected, "*.safetensors"))
            Assert.True(
                File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(actual, Path.GetFileName(file))))
                    || file.Contains("checkpoint", StringComparison.Ordinal),
                file);
        Assert.Equal(TinyRun.Metrics(expected), TinyRun.Metrics(actual));
    }

    /// <summary>
    /// Stops a run after some steps: by cancelling it, so that it saves its state, or like a killed process, with torn files.
    /// </summary>
    private static void Interrupt(string path, int steps, bool crash)
    {
        using var cancellation = new CancellationTokenSource();
        using (var run = RunFolder.Resume(path, []))
        {
            if (crash)
                Assert.Throws<KilledException>(() => TinyRun.Run(run, step => _ = step == steps ? throw new KilledException() : 0));
            else
                Assert.Throws<OperationCanceledException>(
                    () => TinyRun.Run(run, step => { if (step == steps) cancellation.Cancel(); }, cancellation: cancellation.Token));
        }

        if (!crash) return;
        File.WriteAllText(Path.Combine(path, ".checkpoint-last.safetensors.1.tmp"), "half a checkp");
        File.AppendAllText(Path.Combine(path, "metrics.csv"), "teacher,1,0.0");
    }

    private string RunIn(string folder, params string[] overrides) => TinyRun.RunIn(_folder.File(folder), overrides);

    private sealed class KilledException : Exception;
}
