namespace Dst.Training.Data;

/// <summary>Simulated SAR chips: <c>data.simulated</c>.</summary>
public sealed record SimulatedOptions
{
    /// <summary>Number of classes, that is of targets.</summary>
    [Setting("number of classes", Min = 2, Max = 100)]
    public int Classes { get; init; } = 10;

    /// <summary>Training chips of each class.</summary>
    [Setting("training chips of each class", Min = 1, Max = 100000)]
    public int PerClassTrain { get; init; } = 100;

    /// <summary>Test chips of each class.</summary>
    [Setting("test chips of each class", Min = 1, Max = 100000)]
    public int PerClassTest { get; init; } = 50;

    /// <summary>Side of a chip in pixels.</summary>
    [Setting("side of a chip in pixels", Min = 16, Max = 512)]
    public int Size { get; init; } = 88; // as MSTAR chips, which the default network takes

    /// <summary>From 0, bright targets that differ much, to 1, faint targets that differ little.</summary>
    [Setting("0 for bright targets that differ much, to 1 for faint ones that differ little", Min = 0, Max = 1)]
    public double Difficulty { get; init; } = 0.5;

    /// <summary>Seed of the targets and chips. It is not the run's seed, so that runs share their data.</summary>
    [Setting("seed of the targets and chips; the run's seed does not change them")]
    public long Seed { get; init; } = 1;
}
