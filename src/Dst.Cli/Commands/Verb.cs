using System.CommandLine;
using Dst.Cli.Output;
using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Report.Renderers;

namespace Dst.Cli.Commands;

/// <summary>A verb of the command line: a command whose help ends with examples.</summary>
internal sealed class Verb : Command
{
    /// <summary>Creates a verb; each example is what follows <c>./dst</c> on the command line.</summary>
    public Verb(string name, string description, params string[] examples) : base(name, description)
    {
        Examples = examples;
    }

    /// <summary>Command lines that show the verb at work, without the leading <c>./dst</c>.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>How the result is written unless <c>--json</c> is given: as plain text, if nothing else is set.</summary>
    public Func<Result, string> Renderer { get; init; } = TextRenderer.Render;

    /// <summary>Says what the verb does; an error is thrown, so a handler that returns has done its work.</summary>
    public void Handle(Action<Invocation> handler) => SetAction((parsed, cancellation) =>
    {
        var configuration = (VerbConfiguration)parsed.InvocationConfiguration;
        var isJson = Options.Contains(SharedOptions.Json) && parsed.GetValue(SharedOptions.Json);
        var report = new ReportWriter(configuration.Output, configuration.Error, isJson ? JsonRenderer.Render : Renderer);
        WarnOfManyThreads(parsed, report);
        handler(new Invocation(parsed, configuration.Tier, report, cancellation));
        return Task.FromResult(CommandLine.Done);
    });

    // Allowed, since results do not depend on it and cores may come and go, but hardly what was meant.
    private void WarnOfManyThreads(ParseResult parsed, ReportWriter report)
    {
        var option = Options.OfType<Option<int?>>().FirstOrDefault(option => option.Name == SharedOptions.Threads.Name);
        if (option is not null && parsed.GetValue(option) is { } threads && threads > Environment.ProcessorCount)
            report.Log($"warning: {option.Name} is {threads}; more threads than the {Environment.ProcessorCount} cores of this machine gain nothing");
    }
}

/// <summary>How verbs are called, and on what vector width they compute.</summary>
internal sealed class VerbConfiguration(SimdTier tier) : InvocationConfiguration
{
    /// <summary>Vector width.</summary>
    public SimdTier Tier => tier;
}

/// <summary>One call of a verb: the parsed arguments, the vector width, where to write, and the signal to end early.</summary>
internal sealed record Invocation(ParseResult Arguments, SimdTier Tier, ReportWriter Report, CancellationToken Cancellation);
