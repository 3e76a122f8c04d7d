using Dst;
using Dst.Fuzz;

// Feeds mutated files to everything that reads files. See FuzzOptions for the options, CONTRIBUTING.md for how to use it.
try
{
    var options = FuzzOptions.Parse(args);
    return options.IsWorker ? Worker.Run(options, Targets.Of(options.Target!)) : Supervisor.Run(options);
}
catch (InputException e)
{
    Console.Error.WriteLine($"fuzz: {e.Message}");
    return 2;
}
