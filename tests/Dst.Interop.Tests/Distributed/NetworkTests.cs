using Dst.Interop.Tests.CSource;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Distributed;

/// <summary>
/// Two machines, as far as ranks can tell: network namespaces with a name each, joined by a cable. mpirun starts a rank on the other one
/// by a script in the place of ssh.
/// </summary>
public sealed class NetworkTests : IDisposable
{
    private const string Agent = """
        #!/bin/sh
        host=$1; shift
        exec ip netns exec "dst-$host" unshare --uts sh -c "hostname dst-$host; $*"
        """;

    /// <summary>By these mpirun itself notices that the cable is cut.</summary>
    private const string Keepalive =
        "--mca oob_tcp_keepalive_time 1 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 2";

    /// <summary>Seconds that a rank waits where it is to lose patience; no rank is silent for so long on a busy machine.</summary>
    private const int Patience = 20;

    private readonly TemporaryFolder _folder = new();
    private readonly string _subnet = $"10.{Environment.ProcessId % 200 + 20}.{Environment.ProcessId / 200 % 250}";

    public NetworkTests()
    {
        File.WriteAllText(_folder.File("agent.sh"), Agent);
        File.WriteAllText(_folder.File("tiny.yaml"), MpiJob.Recipe);
        Shell("chmod +x agent.sh");
    }

    private string First => $"{_subnet}.1";

    private string Second => $"{_subnet}.2";

    public void Dispose()
    {
        foreach (var host in new[] { First, Second }) // mpirun's helper on the other side of a cable that is cut lives on
            Tool.Run(_folder.Path, "sh", "-c", $"ip netns pids dst-{host} | xargs -r kill -9; ip netns del dst-{host}");
        _folder.Dispose();
    }

    [RootFact]
    public void A_slow_cable_changes_no_bit_and_one_that_is_cut_ends_the_job_with_a_sentence()
    {
        foreach (var host in new[] { First, Second }) Shell($"ip netns add dst-{host}; ip -n dst-{host} link set lo up");
        Shell($"ip link add cable netns dst-{First} type veth peer name cable netns dst-{Second}");
        foreach (var host in new[] { First, Second })
            Shell($"ip -n dst-{host} addr add {host}/24 dev cable; ip -n dst-{host} link set cable up");
        Shell($"ip netns exec dst-{First} tc qdisc add dev cable root tbf rate 20mbit burst 16kb latency 1s");

        Shell($"dotnet {MpiJob.Program} run tiny.yaml --set train.epochs=1 --set arms=[teacher] --out alone");
        using (var slow = Start("tiny.yaml --set train.epochs=1 --set arms=[teacher] --out slow"))
        {
            Assert.True(slow.WaitForExit(), slow.Log);
            Assert.True(slow.ExitCode == 0, slow.Log);
        }

        Shell("cmp alone/latest/teacher.safetensors slow/latest/teacher.safetensors");
        using (var cut = Start("tiny.yaml --out cut", $"-x DST_RANK_PATIENCE={Patience}"))
        {
            cut.WaitForMetrics(_folder.File("cut"), rows: 1);
            SetCable("down");
            cut.AssertSays("dst: rank 0: rank 1 has sent nothing for [0-9]+ s");
            SetCable("up"); // mpirun waits for the other machine
            cut.AssertEnds([]);
        }

        using var noticed = Start("tiny.yaml --out noticed", Keepalive);
        noticed.WaitForMetrics(_folder.File("noticed"), rows: 1);
        SetCable("down");
        noticed.AssertEnds([]);
    }

    private void SetCable(string state) => Shell($"ip -n dst-{Second} link set cable {state}");

    private MpiJob Start(string arguments, string more = "")
    {
        string[] onOne = ["netns", "exec", $"dst-{First}", "unshare", "--uts", "sh", "-c"];
        var options = string.Join(' ', MpiJob.Arguments(2));
        return MpiJob.Start(_folder.Path, "ip", [.. onOne,
            $"hostname dst-{First}; exec mpirun {options} {more} --mca plm_rsh_agent {_folder.File("agent.sh")} "
            + $"--mca btl tcp,self --mca btl_tcp_if_include {_subnet}.0/24 --mca oob_tcp_if_include {_subnet}.0/24 "
            + $"--host {First},{Second} --wdir {_folder.Path} dotnet {MpiJob.Program} run {arguments}"]);
    }

    private void Shell(string command)
    {
        var (exitCode, output) = Tool.Run(_folder.Path, "sh", "-ec", command);
        Assert.True(exitCode == 0, $"{command}: {output}");
    }
}
