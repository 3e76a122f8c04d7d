using System.CommandLine;
using System.CommandLine.Help;
using Dst.Cli.Actions;
using Dst.Cli.Commands;
using Dst.Cli.Usage;
using Dst.Distributed;
using Dst.Foundations;
using Dst.Interop.CSource;
using Dst.Kernels.Simd;
using Dst.Report.Renderers;

namespace Dst.Cli;

/// <summary>
/// The whole command line: parses the arguments, runs the verb and turns every failure into one sentence and an exit code.
/// </summary>
public static class CommandLine
{
    /// <summary>The work is done.</summary>
    public const int Done = 0;

    /// <summary>The work failed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage or input.</summary>
    public const int WrongInput = 2;

    /// <summary>Cancelled by a signal.</summary>
    public const int Cancelled = 130;

    /// <summary>Name of the environment variable that, when it is 1, adds the stack trace to an error's sentence.</summary>
    public const string DebugVariable = "DST_DEBUG";

    /// <summary>Name of the environment variable that forces a vector width: scalar, v128, v256 or v512.</summary>
    public const string TierVariable = "DST_SIMD";

    private const string HelpWord = "help";

    private const int NoSpace = 28, NoSpaceOnWindows = unchecked((int)0x80070070); // what the systems call ENOSPC and ERROR_DISK_FULL

    // In the order in which one wants them: the help lists them so.
    private static readonly (string Purpose, string Name, Func<Command> Create)[] Verbs =
    [
        ("From images to a model", "train", TrainCommand.Create),
        ("From images to a model", "compress", CompressCommand.Create),
        ("From images to a model", "run", RunCommand.Create),
        ("Use a model", "predict", PredictCommand.Create),
        ("Use a model", "eval", EvalCommand.Create),
        ("Use a model", "inspect", InspectCommand.Create),
        ("Use a model", "export", ExportCommand.Create),
        ("Take a model, change it", "import", ImportCommand.Create),
        ("Take a model, change it", "halve", HalveCommand.Create),
        ("Take a model, change it", "quantise", QuantiseCommand.Create),
        ("Take a model, change it", "prune", PruneCommand.Create),
        ("Take a model, change it", "distill", DistillCommand.Create),
        ("Look at runs, data and machine", "results", ResultsCommand.Create),
        ("Look at runs, data and machine", "report", ReportCommand.Create),
        ("Look at runs, data and machine", "data", DataCommand.Create),
        ("Look at runs, data and machine", "settings", SettingsCommand.Create),
        ("Look at runs, data and machine", "networks", NetworksCommand.Create),
        ("Look at runs, data and machine", "bench", BenchCommand.Create),
        ("Look at runs, data and machine", "doctor", DoctorCommand.Create),
    ];

    private static readonly Dictionary<string, RootCommand> Roots = [];

    private static bool ShowsStackTrace => Environment.GetEnvironmentVariable(DebugVariable) == "1";

    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">The verb and its arguments and options.</param>
    /// <param name="standardOutput">Receives results.</param>
    /// <param name="standardError">Receives progress, logs and errors.</param>
    /// <param name="cancellation">Asks the work to save what it has and end.</param>
    /// <returns>The exit code: <see cref="Done"/>, <see cref="Failed"/>, <see cref="WrongInput"/> or <see cref="Cancelled"/>.</returns>
    public static int Run(
        IReadOnlyList<string> arguments, TextWriter standardOutput, TextWriter standardError, CancellationToken cancellation = default)
    {
        try
        {
            var tier = ReadTier();
            if (arguments.Count > 0 && arguments[0] == HelpWord) arguments = [.. arguments.Skip(1), "--help"];
            arguments = [.. arguments.Select(InHome)];
            var root = RootFor(arguments.Count > 0 ? arguments[0] : null);
            var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            UsageCheck.Check(parsed);
            var configuration = new VerbConfiguration(tier)
            {
                Output = Launch.Current.IsFirst ? standardOutput : TextWriter.Null,
                Error = Launch.Current.IsFirst ? standardError : TextWriter.Null,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return parsed.InvokeAsync(configuration, cancellation).GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            return Explain(standardError, e, cancellation.IsCancellationRequested);
        }
    }

    /// <summary>Writes a failure as one sentence.</summary>
    internal static int Explain(TextWriter standardError, Exception exception, bool isCancelled)
    {
        switch (exception)
        {
            case AggregateException { InnerExceptions: [var first, ..] }: // what one of several threads met
                return Explain(standardError, first, isCancelled);
            case OperationCanceledException when isCancelled:
                return Fail(standardError, "cancelled", exception, Cancelled);
            case InputException:
                return Fail(standardError, exception.Message, exception, IsOfFullDisk(exception) ? Failed : WrongInput);
            case UnauthorizedAccessException:
                return Fail(standardError, $"{exception.Message.TrimEnd('.')}; permission was expected", exception, WrongInput);
            case NotFiniteNumberException or CSourceCheckException or SpreadFailedException:
                return Fail(standardError, exception.Message, exception, Failed);
            case IOException: // the system says what it is that fails
                return Fail(standardError, exception.Message.TrimEnd('.'), exception, Failed);
            default:
                var hint = ShowsStackTrace ? "" : $" (set {DebugVariable}=1 for the stack trace)";
                return Fail(standardError, $"{exception.Message.ReplaceLineEndings(" ")}{hint}", exception, Failed);
        }
    }

    // A path to a full disk is no wrong input: the same command works when there is space again.
    private static bool IsOfFullDisk(Exception exception) =>
        exception.GetBaseException() is IOException { HResult: NoSpace or NoSpaceOnWindows };

    // A shell leaves the ~ of --out=~/runs as it is.
    private static string InHome(string argument)
    {
        var start = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=') + 1 : 0;
        return argument[..start] + HomeFolder.Expand(argument[start..]);
    }

    // An unknown width is refused: a measurement on another one would carry the wrong name.
    private static SimdTier ReadTier()
    {
        var name = Environment.GetEnvironmentVariable(TierVariable);
        if (SimdTiers.Parse(name, SimdTiers.Best) is { } tier) return tier;
        var names = string.Join(", ", SimdTiers.UpTo(SimdTiers.Best).Select(SimdTiers.NameOf));
        throw new InputException(
            $"environment variable {TierVariable} is '{name}'; one of {names}, which this processor has, was expected");
    }

    private static int Fail(TextWriter standardError, string sentence, Exception exception, int exitCode)
    {
        var rank = Launch.Current.Count > 1 ? $"rank {Launch.Current.Rank}: " : "";
        standardError.WriteLine($"dst: {rank}{Printable.Of(sentence)}");
        if (ShowsStackTrace) standardError.WriteLine(exception);
        return exitCode;
    }

    /// <summary>
    /// The parser of one verb if the first argument names it, else of all: creating all verbs takes longer than a prediction.
    /// </summary>
    private static RootCommand RootFor(string? first)
    {
        var named = Array.FindAll(Verbs, verb => verb.Name == first);
        var name = named.Length > 0 ? first! : "";
        lock (Roots)
        {
            if (!Roots.TryGetValue(name, out var root)) root = Roots[name] = CreateRoot(named.Length > 0 ? named : Verbs);
            return root;
        }
    }

    private static RootCommand CreateRoot((string Purpose, string Name, Func<Command> Create)[] verbs)
    {
        var root = new RootCommand(
            "Makes small, fast convolutional networks: a teacher teaches a student, "
                + "and the student loses half of its weights in a pattern.");
        foreach (var verb in verbs) root.Add(verb.Create());
        var help = new Help([.. verbs.Select(verb => (verb.Purpose, verb.Name))]);
        var option = root.Options.OfType<HelpOption>().Single();
        (option.Action, option.Description) = (help, "Shows this help.");
        root.Options.OfType<VersionOption>().Single().Description = "Prints the version.";
        root.SetAction(help.Invoke);
        return root;
    }
}
