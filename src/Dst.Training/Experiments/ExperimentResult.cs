using Dst.Training.Experiments.Runs;

namespace Dst.Training.Experiments;

/// <summary>What an experiment made.</summary>
/// <param name="Folder">The full path of its run folder, with a model file for each arm.</param>
/// <param name="Summary">A row for each arm.</param>
public sealed record ExperimentResult(string Folder, RunSummary Summary)
{
    /// <summary>The arm that finished last: the trained network, or the halved and taught one.</summary>
    public ArmSummary Arm => Summary.Arms[^1];

    /// <summary>The model file of <see cref="Arm"/>.</summary>
    public string ModelPath => Path.Combine(Folder, $"{Arm.Arm}.safetensors");

    /// <summary>The model of <see cref="Arm"/>.</summary>
    /// <exception cref="InputException">Its file is gone or damaged.</exception>
    public Model LoadModel() => Model.Load(ModelPath);
}
