using Dst.Cli.Bench;
using Dst.Tests.Foundations;

namespace Dst.Tests.Cli;

public class EnergyMeterTests
{
    [Fact]
    public void Energy_is_what_the_counters_of_all_packages_grow_by()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "intel-rapl:0", 1_000_000);
        Write(folder, "intel-rapl:0:0", 400_000); // a part of the first
        Write(folder, "intel-rapl:1", 9_000_000);
        var meter = new EnergyMeter(folder.Path);
        var joules = meter.Measure(() =>
        {
            Write(folder, "intel-rapl:0", 3_500_000);
            Write(folder, "intel-rapl:0:0", 2_000_000);
            Write(folder, "intel-rapl:1", 500_000); // past its range, and on from zero
        });
        Assert.Equal(2.5 + 1.5, joules!.Value, 9);
    }

    [Fact]
    public void Without_counters_there_is_none()
    {
        using var folder = new TemporaryFolder();
        var runs = 0;
        Assert.Null(new EnergyMeter(folder.File("none")).Measure(() => runs++));
        Directory.CreateDirectory(folder.File("intel-rapl:0")); // whose counter is not to be read
        Assert.Null(new EnergyMeter(folder.Path).Measure(() => runs++));
        Assert.Equal(2, runs);
    }

    private static void Write(TemporaryFolder folder, string package, long microjoules)
    {
        Directory.CreateDirectory(folder.File(package));
        File.WriteAllText(Path.Combine(folder.File(package), "energy_uj"), $"{microjoules}\n");
        File.WriteAllText(Path.Combine(folder.File(package), "max_energy_range_uj"), "10000000\n");
    }
}
