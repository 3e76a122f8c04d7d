using System.Diagnostics;
using Dst.Interop.Tests.CSource;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Distributed;

/// <summary>Training under the system's mpirun, on one machine, and what happens when something fails.</summary>
public sealed class MpiTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_job_that_is_killed_and_then_interrupted_goes_on_with_other_numbers_of_ranks_and_ends_with_the_bytes_of_one_process()
    {
        var recipe = Write("tiny.yaml", MpiJob.Recipe);
        AssertDone(Tool.Run(_folder.Path, "dotnet", [MpiJob.Program, "run", recipe, "--out", "alone"]));
        var alone = RunFolderIn("alone");

        string[] command = ["dotnet", MpiJob.Program, "run", recipe, "--out", "ranks"];
        using (var job = MpiJob.Start(_folder.Path, "mpirun", MpiJob.Arguments(4, command)))
        {
            job.WaitForMetrics(_folder.File("ranks"), rows: 3);
            var ranks = job.Ranks;
            Assert.Equal(4, ranks.Count);
            Process.GetProcessById(ranks[3]).Kill();
            job.AssertEnds(ranks);
            job.AssertSays("rank 3");
        }

        var stopped = RunFolderIn("ranks");
        Assert.False(File.Exists(Path.Combine(stopped, "summary.json")));
        using (var job = MpiJob.Start(_folder.Path, "mpirun", MpiJob.Arguments(2, "dotnet", MpiJob.Program, "run", "--resume", stopped)))
        {
            job.WaitForMetrics(_folder.File("ranks"), rows: 8);
            var ranks = job.Ranks;
            job.Interrupt();
            job.AssertEnds(ranks);
        }

        AssertDone(Tool.Run(_folder.Path, "dotnet", [MpiJob.Program, "run", "--resume", stopped]));
        AssertSameModels(alone, stopped);
    }

    [Fact]
    public void Seeds_and_arms_go_to_ranks()
    {
        var recipe = Write("tiny.yaml", MpiJob.Recipe.Replace("epochs: 24", "epochs: 2"));
        AssertDone(Tool.Run(_folder.Path, "dotnet", [MpiJob.Program, "run", recipe, "--seeds", "1,2", "--out", "alone"]));
        string[] command = ["dotnet", MpiJob.Program, "run", recipe, "--seeds", "1,2", "--out", "ranks", "--spread", "runs"];
        AssertDone(Tool.Run(_folder.Path, "mpirun", MpiJob.Arguments(2, command)));
        foreach (var seed in new[] { "seed-1", "seed-2" })
            AssertSameModels(Path.Combine(RunFolderIn("alone"), seed), Path.Combine(RunFolderIn("ranks"), seed));
    }

    [Theory]
    [InlineData("seed: 5", "seed: 6", "", "dst: rank 0: rank 1 has recipe ")]
    [InlineData("", "", "DST_SIMD=v128", "dst: rank 0: rank 1 has tier v128, rank 0 ")]
    [InlineData(MpiJob.SimulatedData, "kind: cifar100\n  path: gone", "", "dst: rank 1: ")] // it cannot read its data
    public void A_job_of_different_ranks_ends_with_a_sentence_that_names_one(string text, string other, string variable, string expected)
    {
        var second = text.Length > 0 ? MpiJob.Recipe.Replace(text, other) : MpiJob.Recipe;
        string[] options = variable.Length > 0 ? ["-x", variable] : [];
        string[] first = MpiJob.Arguments(1, "dotnet", MpiJob.Program, "run", Write("tiny.yaml", MpiJob.Recipe), "--out", "ranks");
        string[] rank = ["-n", "1", .. options, "dotnet", MpiJob.Program, "run", Write("other.yaml", second), "--out", "ranks"];
        using var job = MpiJob.Start(_folder.Path, "mpirun", [.. first, ":", .. rank]);
        Assert.True(job.WaitForExit(), "the job did not end");
        Assert.Equal(2, job.ExitCode);
        job.AssertSays(expected);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.safetensors", SearchOption.AllDirectories)); // nothing was trained
    }

    [Fact]
    public void A_library_for_processes_of_one_thread_is_refused()
    {
        var source = Write("mpi.c", """
            int MPI_Init_thread(int *count, char ***arguments, int required, int *provided) { *provided = 0; return 0; }
            void MPI_Isend(void) {}
            void MPI_Irecv(void) {}
            void MPI_Test(void) {}
            """);
        AssertDone(Tool.Run(_folder.Path, "cc", "-shared", "-fPIC", source, "-o", "libmpi.so.40"));
        string[] variables = [$"LD_LIBRARY_PATH={_folder.Path}", "OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=2"];
        var (exitCode, output) = Tool.Run(
            _folder.Path, "env", [.. variables, "dotnet", MpiJob.Program, "run", Write("tiny.yaml", MpiJob.Recipe), "--out", "ranks"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("the MPI library gives thread level 0; 1 (MPI_THREAD_FUNNELED) or more was expected", output);
    }

    /// <summary>A disk of 100 kB, on which the run begins and the first checkpoint has no room.</summary>
    [RootFact]
    public void A_full_disk_of_rank_0_ends_the_job_with_a_sentence()
    {
        var disk = Directory.CreateDirectory(_folder.File("disk")).FullName;
        AssertDone(Tool.Run(_folder.Path, "mount", "-t", "tmpfs", "-o", "size=100k", "none", disk));
        try
        {
            string[] command = ["dotnet", MpiJob.Program, "run", Write("tiny.yaml", MpiJob.Recipe), "--out", disk];
            using var job = MpiJob.Start(_folder.Path, "mpirun", MpiJob.Arguments(2, command));
            job.WaitForMetrics(disk, rows: 1);
            job.AssertEnds(job.Ranks);
            job.AssertSays("dst: rank 0: .*(No space left on device|free space)");
        }
        finally
        {
            Tool.Run(_folder.Path, "umount", "-l", disk);
        }
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.File(name), text);
        return _folder.File(name);
    }

    private string RunFolderIn(string name) => Directory.GetDirectories(Path.Combine(_folder.File(name), "tiny")).Single();

    private static void AssertSameModels(string expected, string actual)
    {
        foreach (var arm in new[] { "teacher", "student-kd" })
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(expected, $"{arm}.safetensors")),
                File.ReadAllBytes(Path.Combine(actual, $"{arm}.safetensors")));
    }

    private static void AssertDone((int ExitCode, string Output) run) => Assert.True(run.ExitCode == 0, run.Output);
}
