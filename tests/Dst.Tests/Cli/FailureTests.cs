using Dst.Cli;
using Dst.Cli.Output;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Kernels.Simd;
using Dst.Tests.Foundations;

namespace Dst.Tests.Cli;

/// <summary>Whatever goes wrong around the program, it ends in one sentence and the right exit code.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_one_of_several_threads_met_is_explained_like_any_other_failure()
    {
        using var error = new StringWriter();
        var failure = new AggregateException(new AggregateException(new InputException("file 'a' is bad")), new IOException("other"));
        Assert.Equal(CommandLine.WrongInput, CommandLine.Explain(error, failure, isCancelled: false));
        Assert.Equal("dst: file 'a' is bad\n", error.ToString());
    }

    [Fact]
    public void A_sentence_with_text_from_a_file_stays_one_line()
    {
        File.WriteAllText(_folder.File("x.yaml"), "\"a\\nb\\e[2J\": 1");
        Terminal.Run("run", _folder.File("x.yaml")).AssertWrongInput(@"unknown key 'a\nb\u001b[2J'");
    }

    [Fact]
    public void A_full_disk_behind_standard_error_ends_nothing()
    {
        using var output = new StringWriter();
        using var error = new BestEffortWriter(new FullWriter());
        Assert.Equal(CommandLine.WrongInput, CommandLine.Run(["inspect", _folder.File("none")], output, error));
    }

    [Fact]
    public void A_full_disk_behind_standard_output_is_one_sentence()
    {
        using var output = new FullWriter();
        using var error = new StringWriter();
        Assert.Equal(CommandLine.Failed, CommandLine.Run(["inspect", SampleModel.SaveHalved(_folder)], output, error));
        Assert.Equal("dst: the result cannot be written to standard output (No space left on device)\n", error.ToString());
    }

    [Fact]
    public void A_full_disk_behind_a_file_to_write_is_no_wrong_input()
    {
        using var error = new StringWriter();
        var path = _folder.File("a");
        var full = Assert.Throws<InputException>(() => AtomicFile.Write(path, _ => File.WriteAllText("/dev/full", "new")));
        Assert.Equal(CommandLine.Failed, CommandLine.Explain(error, full, isCancelled: false));
        Assert.StartsWith($"dst: {path} cannot be written (No space left on device", error.ToString());
        var missing = Assert.Throws<InputException>(() => AtomicFile.Write(_folder.File("missing/a"), _ => { }));
        Assert.Equal(CommandLine.WrongInput, CommandLine.Explain(error, missing, isCancelled: false));
    }

    [Fact]
    public void A_folder_without_permission_is_one_sentence()
    {
        var model = SampleModel.SaveHalved(_folder);
        var secret = Directory.CreateDirectory(_folder.File("secret")).FullName;
        SystemCalls.SetMode(_folder.Path, "755");
        SystemCalls.SetMode(secret, "000");
        SystemCalls.AsOrdinaryUser(() =>
        {
            foreach (var arguments in new string[][] { ["predict", model, secret], ["results", secret], ["inspect", $"{secret}/x"] })
                Terminal.Run(arguments).AssertWrongInput(secret);
        });
        SystemCalls.SetMode(secret, "755");
    }

    [Fact]
    public async Task Work_that_does_not_look_at_its_cancellation_is_left_behind()
    {
        using var never = new ManualResetEvent(false);
        using var cancellation = new CancellationTokenSource();
        var verb = new Verb("wait", "Waits.");
        verb.Handle(_ =>
        {
            cancellation.Cancel();
            never.WaitOne();
        });
        var parsed = verb.Parse([]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => parsed.InvokeAsync(new VerbConfiguration(SimdTiers.Best) { EnableDefaultExceptionHandler = false }, cancellation.Token));
        never.Set();
    }

    private sealed class FullWriter : StringWriter
    {
        public override void Write(string? value) => throw new IOException("No space left on device.");

        public override void WriteLine(string? value) => throw new IOException("No space left on device.");
    }
}
