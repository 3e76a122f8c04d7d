using System.Diagnostics;
using Dst.Foundations;

namespace Dst.Fuzz;

/// <summary>Reads the inputs of one target: each must be read or refused in one sentence, in little time and memory.</summary>
internal sealed class Worker : IDisposable
{
    /// <summary>Every input was read or refused.</summary>
    public const int Done = 0;

    /// <summary>Some input failed, and was kept.</summary>
    public const int Failed = 1;

    private const int MostFailures = 10;
    private static readonly TimeSpan LongestInput = TimeSpan.FromSeconds(20);

    private readonly FuzzOptions _options;
    private readonly Target _target;
    private readonly FileStream _progress;
    private readonly string _folder = Directory.CreateTempSubdirectory("dst-fuzz-").FullName;
    private readonly Lock _output = new();
    private long _number;
    private long _started; // 0 between inputs
    private int _failures;

    private Worker(FuzzOptions options, Target target)
    {
        (_options, _target) = (options, target);
        Directory.CreateDirectory(options.Out);
        _progress = new(options.ProgressPath, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <summary>Reads inputs until their number or the time is reached.</summary>
    public static int Run(FuzzOptions options, Target target)
    {
        using var worker = new Worker(options, target);
        using var watch = new Timer(_ => worker.EndIfHanging(), null, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        worker.ReadAll();
        File.Delete(options.ProgressPath);
        return worker._failures == 0 ? Done : Failed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _progress.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void ReadAll()
    {
        const int warmUp = 200;
        var (clock, refused, leaks) = (Stopwatch.StartNew(), 0L, (LeakCheck?)null);
        if (!_target.Corpus.All(part => IsRead(_target.Frame(part)))) Fail("a file of the corpus, as it is, is refused", input: null);
        var end = _options.Inputs > long.MaxValue - _options.First ? long.MaxValue : _options.First + _options.Inputs;
        for (_number = _options.First; _number < end && _failures < MostFailures; _number++)
        {
            if (_options.Seconds > 0 && clock.Elapsed.TotalSeconds > _options.Seconds) break;
            if (_number == _options.First + warmUp) leaks = LeakCheck.Start(_folder);
            if (!IsRead(_target.InputOf(_options.Seed, _number))) refused++;
        }

        if (leaks?.Find() is { } leak) Fail($"{leak} after {_number - _options.First} inputs", input: null);
        var count = _number - _options.First;
        Console.WriteLine(
            $"{_target.Name}: {count} inputs of the seed {_options.Seed}, {count - refused} read, {refused} refused, {_failures} failures, "
            + $"{clock.Elapsed.TotalSeconds:F1} s");
    }

    private bool IsRead(byte[] input)
    {
        var path = Path.Combine(_folder, _target.Name);
        File.WriteAllBytes(path, input);
        RandomAccess.Write(_progress.SafeFileHandle, BitConverter.GetBytes(_number), 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Volatile.Write(ref _started, Stopwatch.GetTimestamp());
        try
        {
            _target.Read(path);
            return true;
        }
        catch (InputException e) when (e.Message.Length <= _target.LongestMessage)
        {
            return false;
        }
        catch (Exception e)
        {
            Fail(Phrases.Shorten(e.ToString(), 3000), input);
            return false;
        }
        finally
        {
            Volatile.Write(ref _started, 0);
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            if (taken > _target.MostBytes) Fail($"it took {taken} bytes of memory, at most {_target.MostBytes} were expected", input);
        }
    }

    private void EndIfHanging()
    {
        var started = Volatile.Read(ref _started);
        if (started == 0 || Stopwatch.GetElapsedTime(started) < LongestInput) return;
        Fail($"it took more than {LongestInput.TotalSeconds} seconds", _target.InputOf(_options.Seed, _number));
        Environment.Exit(Failed);
    }

    private void Fail(string problem, byte[]? input)
    {
        lock (_output)
        {
            _failures++;
            if (input is not null) File.WriteAllBytes(_options.InputPath(_number), input);
            Console.WriteLine(
                $"{_target.Name}: FAILURE at input {_number} of the seed {_options.Seed}: {problem}\n"
                + (input is null ? "" : $"  kept as {_options.InputPath(_number)}; to repeat: {_options.CommandFor(_number)}"));
        }
    }
}
