using System.Globalization;

namespace Dst.Fuzz;

/// <summary>The options of the command line.</summary>
internal sealed record FuzzOptions
{
    /// <summary>Seed of all mutations.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Inputs, shared equally among the targets.</summary>
    public long Inputs { get; init; } = long.MaxValue;

    /// <summary>Seconds, shared equally among the targets; 0 for no limit.</summary>
    public double Seconds { get; init; }

    /// <summary>The only target, or null for all.</summary>
    public string? Target { get; init; }

    /// <summary>Number of the first input.</summary>
    public long First { get; init; }

    /// <summary>Folder for inputs that fail.</summary>
    public string Out { get; init; } = "artifacts/fuzz";

    /// <summary>Whether this process reads the inputs of one target; its parent watches it.</summary>
    public bool IsWorker { get; init; }

    /// <summary>Where a worker notes the number of the present input, so that its parent knows it after a crash.</summary>
    public string ProgressPath => Path.Combine(Out, $"{Target}.progress");

    /// <summary>Where the input of a number is kept if it fails.</summary>
    public string InputPath(long number) =>
        Path.Combine(Out, string.Create(CultureInfo.InvariantCulture, $"{Target}-seed{Seed}-{number}.bin"));

    /// <summary>How an input is read again.</summary>
    public string CommandFor(long number) => string.Create(
        CultureInfo.InvariantCulture,
        $"dotnet run --project tests/Dst.Fuzz -c Release -- --target {Target} --seed {Seed} --first {number} --inputs 1");

    /// <summary>Reads <c>--seed N --inputs N --seconds N --target NAME --first N --out FOLDER</c>.</summary>
    /// <exception cref="InputException">An option or its value is unknown.</exception>
    public static FuzzOptions Parse(string[] arguments)
    {
        var options = new FuzzOptions();
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            if (name == "--worker") options = options with { IsWorker = true };
            else if (i + 1 == arguments.Length) throw new InputException($"option {name} has no value; one was expected");
            else options = options.With(name, arguments[++i]);
        }

        if (options is { Seconds: 0, Inputs: long.MaxValue }) throw new InputException("neither --inputs nor --seconds; one was expected");
        return options;
    }

    /// <summary>The command line of a worker that reads the inputs of one target.</summary>
    public IEnumerable<string> ToWorkerArguments() =>
    [
        "--worker", "--target", Target!, "--seed", Text(Seed), "--inputs", Text(Inputs), "--seconds", Text(Seconds), "--first", Text(First),
        "--out", Out,
    ];

    private FuzzOptions With(string name, string value) => name switch
    {
        "--seed" => this with { Seed = Number<long>(name, value) },
        "--inputs" => this with { Inputs = Number<long>(name, value) },
        "--seconds" => this with { Seconds = Number<double>(name, value) },
        "--first" => this with { First = Number<long>(name, value) },
        "--target" => this with { Target = value },
        "--out" => this with { Out = value },
        _ => throw new InputException($"unknown option {name}; --seed, --inputs, --seconds, --target, --first or --out was expected"),
    };

    private static T Number<T>(string name, string value) where T : IParsable<T> =>
        T.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number
        : throw new InputException($"option {name} is '{value}'; a number was expected");

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
