using System.Text.Json;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

public class NetworksCommandTests
{
    [Fact]
    public void Every_network_is_listed_with_its_cost()
    {
        using var document = JsonDocument.Parse(Terminal.Run("networks", "--json").Output);
        var networks = document.RootElement.EnumerateArray().ToDictionary(network => network.GetProperty("arch").GetString()!);
        Assert.Equal(Zoo.Names, networks.Keys);
        Assert.Equal(278_324, networks["resnet20"].GetProperty("weights").GetInt64()); // as models/cifar100-resnet20-kd-seed1 has
        Assert.Equal(10, networks["aconvnet"].GetProperty("classes").GetInt32());
        Assert.Matches(@"(?m)^resnet20 +3x32x32 +100 +278\.3k +40\.8M$", Terminal.Run("networks").Output);
    }
}
