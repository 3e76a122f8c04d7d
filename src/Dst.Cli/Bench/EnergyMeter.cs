using System.Globalization;

namespace Dst.Cli.Bench;

/// <summary>
/// The energy that all processors of this machine have used, with whatever else they do: Linux tells it in <c>/sys/class/powercap</c>
/// (RAPL), mostly to root alone, and no virtual machine does.
/// </summary>
internal sealed class EnergyMeter
{
    private readonly List<(string Counter, double Range)> _packages = [];

    /// <summary>Finds the counters of the processor packages.</summary>
    public EnergyMeter(string folder = "/sys/class/powercap")
    {
        if (!Directory.Exists(folder)) return;
        foreach (var package in Directory.GetDirectories(folder, "intel-rapl:*")) // AMD's too
        {
            var isPart = Path.GetFileName(package).Count(':'.Equals) > 1; // a core or memory, which the package includes
            var counter = Path.Combine(package, "energy_uj");
            if (!isPart && Read(counter) is not null && Read(Path.Combine(package, "max_energy_range_uj")) is { } range)
                _packages.Add((counter, range));
        }
    }

    /// <summary>The joules that <paramref name="run"/> takes, or null if the system does not tell.</summary>
    public double? Measure(Action run)
    {
        var before = _packages.ConvertAll(package => Read(package.Counter));
        run();
        var after = _packages.ConvertAll(package => Read(package.Counter));
        if (_packages.Count == 0) return null;
        double? microjoules = 0;
        for (var i = 0; i < _packages.Count; i++)
        {
            var used = after[i] - before[i];
            microjoules += used < 0 ? used + _packages[i].Range : used; // a counter begins again at 0
        }

        return microjoules / 1e6;
    }

    private static double? Read(string file)
    {
        try
        {
            return double.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }
}
