using System.Runtime.InteropServices;
using Dst.Cli;
using Dst.Cli.Output;

using var cancellation = new CancellationTokenSource();
PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
var registrations = Array.ConvertAll(signals, signal => PosixSignalRegistration.Create(signal, Cancel));
Console.SetError(new BestEffortWriter(Console.Error));

var exitCode = CommandLine.Run(args, Console.Out, Console.Error, cancellation.Token);
foreach (var registration in registrations) registration.Dispose();
return exitCode;

// The first signal asks the work to save and end; the second one ends the process at once.
void Cancel(PosixSignalContext context)
{
    context.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
}
