namespace Dst.Training.Experiments;

/// <summary>The arms of a recipe: each is one trained network and one row of its summary.</summary>
public static class ArmNames
{
    /// <summary>The teacher T.</summary>
    public const string Teacher = "teacher";

    /// <summary>The dense student, trained on labels alone.</summary>
    public const string Student = "student";

    /// <summary>The dense student, taught by T: S* of the method.</summary>
    public const string StudentKd = "student-kd";

    /// <summary>S*, pruned by magnitude to the same sparsity without a pattern, taught by T.</summary>
    public const string UnstructuredKd = "unstructured-kd";

    /// <summary>S*, half-pruned, fine-tuned on labels alone.</summary>
    public const string Uhp = "uhp";

    /// <summary>S*, half-pruned, taught by T: the method.</summary>
    public const string Dst = "dst";

    /// <summary>A narrower dense student of about the cost of the half-pruned one, taught by T.</summary>
    public const string HalfWidth = "half-width";

    /// <summary>All arms in the order in which they run: each comes after those that it starts from.</summary>
    public static IReadOnlyList<string> All { get; } = [Teacher, Student, StudentKd, UnstructuredKd, Uhp, Dst, HalfWidth];
}
