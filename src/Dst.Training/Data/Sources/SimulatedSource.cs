using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>Makes simulated chips in memory. Equal settings give equal chips on machines with the same mathematics library.</summary>
internal static class SimulatedSource
{
    /// <summary>Makes all chips of both splits.</summary>
    /// <exception cref="InputException">They do not fit into memory.</exception>
    public static SourceData Generate(SimulatedOptions options, CancellationToken cancellation)
    {
        var count = (long)options.Classes * (options.PerClassTrain + options.PerClassTest);
        MemoryLimit.Check(
            (double)count * options.Size * options.Size, $"the {count} simulated chips of {options.Size}x{options.Size}",
            "fewer or smaller ones were expected");
        var simulator = new ChipSimulator(options);
        var names = Enumerable.Range(0, options.Classes).Select(i => $"target{i:00}").ToArray();
        return new(names, Generate("train", 0, options.PerClassTrain), Generate("test", options.PerClassTrain, options.PerClassTest));

        SourceSample[] Generate(string split, int first, int perClass)
        {
            var samples = new SourceSample[options.Classes * perClass];
            Parallel.For(0, samples.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                var (label, number) = (i / perClass, first + i % perClass);
                var chip = simulator.Simulate(label, number);
                samples[i] = new($"{split}/target{label:00}/{number:00000}", label, () => chip);
            });
            return samples;
        }
    }
}
