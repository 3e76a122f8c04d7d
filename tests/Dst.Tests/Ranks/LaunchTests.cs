using Dst.Distributed;

namespace Dst.Tests.Ranks;

public class LaunchTests
{
    [Theory]
    [InlineData("OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4", 2, 4, true)]
    [InlineData("PMI_RANK=0 PMI_SIZE=2", 0, 2, false)]
    [InlineData("SLURM_PROCID=1 PMIX_RANK=1 SLURM_STEP_NUM_TASKS=2", 1, 2, true)]
    [InlineData("SLURM_PROCID=7 SLURM_STEP_NUM_TASKS=8", 7, 8, false)]
    [InlineData("OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1", 0, 1, false)]
    [InlineData("PMI_RANK=x PMI_SIZE=2", 0, 1, false)]
    [InlineData("SLURM_PROCID=0", 0, 1, false)] // a shell within an allocation
    public void The_starter_says_how_many_processes_there_are(string environment, int rank, int count, bool isOpenMpi)
    {
        var variables = environment.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal(new Launch(rank, count, isOpenMpi), Launch.Read(variables.GetValueOrDefault));
    }
}
