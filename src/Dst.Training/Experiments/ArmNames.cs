namespace Dst.Training.Experiments;

/// <summary>The names of arms; <see cref="Arm.All"/> says what they are.</summary>
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

    /// <summary>S*, trained on as long as a pruned one, without pruning, and taught like one.</summary>
    public const string DenseLonger = "dense-longer";

    /// <summary>A narrower dense student of about the cost of the half-pruned one, taught by T.</summary>
    public const string HalfWidth = "half-width";

    /// <summary>S* in 8-bit integers.</summary>
    public const string StudentInt8 = "student-int8";

    /// <summary>The network of <see cref="Dst"/> in 8-bit integers.</summary>
    public const string DstInt8 = "dst-int8";

    /// <summary>The training of the student's auto-encoder before the arms; not an arm itself.</summary>
    public const string Pretrain = "pretrain";

    /// <summary>The training of the teacher's auto-encoder.</summary>
    public const string PretrainTeacher = "pretrain-teacher";

    /// <summary>The names of <see cref="Arm.All"/>, in the order in which arms run.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Arm.All.Select(arm => arm.Name)];

    /// <summary>The trainings of auto-encoders.</summary>
    public static IReadOnlyList<string> AutoEncoders { get; } = [PretrainTeacher, Pretrain];

    /// <summary>Those of <see cref="All"/> whose networks compute in floats.</summary>
    public static IReadOnlyList<string> OfFloats { get; } = [.. Arm.All.Where(arm => arm.Quantises is null).Select(arm => arm.Name)];
}
