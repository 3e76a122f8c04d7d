namespace Dst.Training.Experiments;

/// <summary>The network that an arm starts from.</summary>
public enum ArmStart
{
    /// <summary>The recipe's teacher with initial weights.</summary>
    Teacher,

    /// <summary>The recipe's student with initial weights.</summary>
    Student,

    /// <summary>The finished dense network: S* of the method, or the teacher itself (<see cref="Arm.DenseOf"/>).</summary>
    DenseNetwork,

    /// <summary>A narrower student with initial weights, of about the cost of the half-pruned one.</summary>
    NarrowStudent,

    /// <summary>The finished network of the arm that it quantises (<see cref="Arm.Quantises"/>).</summary>
    Finished,
}
