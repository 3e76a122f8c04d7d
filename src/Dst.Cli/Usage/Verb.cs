using System.CommandLine;
using Dst.Cli.Output;
using Dst.Distributed;
using Dst.Report;
using Dst.Report.Renderers;

namespace Dst.Cli.Usage;

/// <summary>A verb of the command line: a command whose help ends with examples.</summary>
internal sealed class Verb : Command
{
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(2);

    /// <summary>Creates a verb.</summary>
    /// <param name="name">The word on the command line.</param>
    /// <param name="description">What it does. The first sentence stands alone in lists of verbs.</param>
    /// <param name="examples">Command lines that show the verb at work, without the name of the program.</param>
    public Verb(string name, string description, params string[] examples) : base(name, description)
    {
        Examples = examples;
    }

    /// <summary>Command lines that show the verb at work, without the name of the program.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>Lines of the help for options that are too many to be listed: how they look, and what they do.</summary>
    public IList<(string Label, string Help)> OptionFamilies { get; } = [];

    /// <summary>How the result is written unless <c>--json</c> is given: as plain text, if nothing else is set.</summary>
    public Func<Result, string> Renderer { get; init; } = TextRenderer.Render;

    /// <summary>Whether the processes of mpirun or srun may share its work.</summary>
    public bool TakesRanks { get; set; }

    /// <summary>Adds options in the order of the help.</summary>
    public void AddOptions(params IEnumerable<Option> options)
    {
        foreach (var option in options) Add(option);
    }

    /// <summary>Sets what the verb does. The handler throws on an error; one that returns has done its work.</summary>
    public void Handle(Action<Invocation> handler) => SetAction(async (parsed, cancellation) =>
    {
        var configuration = (VerbConfiguration)parsed.InvocationConfiguration;
        var isJson = Options.Contains(SharedOptions.Json) && parsed.GetValue(SharedOptions.Json);
        var report = new ReportWriter(configuration.Output, configuration.Error, isJson ? JsonRenderer.Render : Renderer);
        WarnOfManyThreads(parsed, report);
        if (Launch.Current.Count > 1 && !TakesRanks)
            throw new InputException($"{Name} works alone, and {Launch.Current.Count} processes were started; one was expected");
        var call = new Invocation(parsed, configuration.Tier, report, cancellation);
        var work = Task.Factory.StartNew(
            () => handler(call), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAny(work, TimeToEndAfterCancelling(call)).ConfigureAwait(false);
        if (!work.IsCompleted) cancellation.ThrowIfCancellationRequested();
        await work.ConfigureAwait(false);
        return CommandLine.Done;
    });

    /// <summary>
    /// Ends a short time after a call is cancelled, when its work is left behind: not every work looks at its cancellation. While the work
    /// has a state to save, it has all the time that it needs.
    /// </summary>
    private static async Task TimeToEndAfterCancelling(Invocation call)
    {
        var cancelled = new TaskCompletionSource();
        using var registration = call.Cancellation.Register(cancelled.SetResult);
        await cancelled.Task.ConfigureAwait(false);
        do
        {
            await Task.Delay(TimeToEnd, CancellationToken.None).ConfigureAwait(false);
        }
        while (call.HasStateToSave());
    }

    // Results do not depend on threads, so more of them than cores are allowed, but they are probably a mistake.
    private void WarnOfManyThreads(ParseResult parsed, ReportWriter report)
    {
        var option = Options.OfType<Option<int?>>().FirstOrDefault(option => option.Name == SharedOptions.Threads.Name);
        if (option is not null && parsed.GetValue(option) is { } threads && threads > Environment.ProcessorCount)
            report.Log($"warning: {option.Name} is {threads}; more threads than the {Environment.ProcessorCount} cores gain nothing");
    }
}
