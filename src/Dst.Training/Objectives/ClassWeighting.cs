namespace Dst.Training.Objectives;

/// <summary>How much each class counts in the labels' loss.</summary>
public enum ClassWeighting
{
    /// <summary>Each image counts the same.</summary>
    None,

    /// <summary>Each class counts the same.</summary>
    Balanced,
}
