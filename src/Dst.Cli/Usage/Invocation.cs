using System.CommandLine;
using Dst.Cli.Output;

namespace Dst.Cli.Usage;

/// <summary>One call of a verb.</summary>
/// <param name="Arguments">The parsed arguments and options.</param>
/// <param name="Report">Where to write.</param>
/// <param name="Cancellation">Asks the work to end early.</param>
internal sealed record Invocation(ParseResult Arguments, ReportWriter Report, CancellationToken Cancellation);
