using System.CommandLine;
using Dst.Cli.Output;
using Dst.Kernels.Simd;
using Dst.Training.Ranks;

namespace Dst.Cli.Usage;

/// <summary>One call of a verb.</summary>
/// <param name="Arguments">The parsed arguments and options.</param>
/// <param name="Tier">Vector width.</param>
/// <param name="Report">Where to write.</param>
/// <param name="Cancellation">Asks the work to end early.</param>
internal sealed record Invocation(ParseResult Arguments, SimdTier Tier, ReportWriter Report, CancellationToken Cancellation)
{
    /// <summary>The program and the verb, such as <c>./dst data inspect</c>.</summary>
    public string Command => string.Join(' ', Help.PathOf(Arguments.CommandResult.Command));

    /// <summary>The processes that share the work.</summary>
    public RankGroup Ranks { get; set; } = RankGroup.Single;

    /// <summary>The whole command line, quoted as a shell takes it.</summary>
    public string CommandLine =>
        string.Join(' ', Arguments.Tokens.Select(token => ShellText.Quote(token.Value)).Prepend(ProgramName.Value));

    /// <summary>Whether the work must not be left before it ends by itself.</summary>
    public Func<bool> HasStateToSave { get; set; } = () => false;
}

/// <summary>How verbs are called, and on what vector width they compute.</summary>
internal sealed class VerbConfiguration(SimdTier tier) : InvocationConfiguration
{
    /// <summary>Vector width.</summary>
    public SimdTier Tier => tier;
}
