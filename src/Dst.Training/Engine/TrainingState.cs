namespace Dst.Training.Engine;

/// <summary>The counters of a phase in progress; with the tensors of <see cref="Trainer"/> all that a checkpoint needs.</summary>
public sealed class TrainingState
{
    /// <summary>Epochs completed and validated.</summary>
    public int Epoch { get; set; }

    /// <summary>Steps done in the current epoch.</summary>
    public int Batch { get; set; }

    /// <summary>Steps done in all.</summary>
    public long Step { get; set; }

    /// <summary>Images seen in the current epoch.</summary>
    public long Images { get; set; }

    /// <summary>Of <see cref="Images"/>, how many have a label and were classified rightly.</summary>
    public long Correct { get; set; }

    /// <summary>Sum of the losses of <see cref="Images"/>.</summary>
    public double LossSum { get; set; }

    /// <summary>Epoch, from 1, with the best validation result so far; 0 before the first.</summary>
    public int BestEpoch { get; set; }

    /// <summary>Validation top-1 of <see cref="BestEpoch"/>; 0 of an auto-encoder.</summary>
    public double BestTop1 { get; set; } = -1;

    /// <summary>Epoch, from 1, in which <see cref="BestTop1"/> was reached first: patience counts from here.</summary>
    public int ImprovedEpoch { get; set; }

    /// <summary>Wall time of the phase so far.</summary>
    public double Seconds { get; set; }

    /// <summary><see cref="Seconds"/> at the start of the current epoch.</summary>
    public double EpochStart { get; set; }

    /// <summary>Ends an epoch: counters of the epoch begin again.</summary>
    public void EndEpoch()
    {
        Epoch++;
        Batch = 0;
        Images = Correct = 0;
        LossSum = 0;
        EpochStart = Seconds;
    }

    /// <summary>All counters, floating-point ones by their bits.</summary>
    public long[] ToArray() =>
    [
        Epoch, Batch, Step, Images, Correct, BitConverter.DoubleToInt64Bits(LossSum),
        BestEpoch, BitConverter.DoubleToInt64Bits(BestTop1), ImprovedEpoch,
        BitConverter.DoubleToInt64Bits(Seconds), BitConverter.DoubleToInt64Bits(EpochStart),
    ];

    /// <summary>Which of the counters that <see cref="ToArray"/> gives cannot be, or null if all can.</summary>
    /// <param name="values">The counters.</param>
    /// <param name="epochs">Epochs of the phase.</param>
    /// <param name="batches">Steps in an epoch.</param>
    public static string? FindProblem(long[] values, int epochs, int batches)
    {
        // In the order of ToArray, and in double, so that no product overflows.
        double epoch = values[0], batch = values[1], seconds = BitConverter.Int64BitsToDouble(values[9]);
        (string Name, double Value, double Min, double Max)[] counters =
        [
            ("epoch", epoch, 0, epochs), ("batch", batch, 0, batches),
            ("step", values[2], epoch * batches + batch, epoch * batches + batch),
            ("images", values[3], batch, long.MaxValue), ("correct", values[4], 0, values[3]),
            ("sum of losses", BitConverter.Int64BitsToDouble(values[5]), double.MinValue, double.MaxValue),
            ("best epoch", values[6], 0, epoch + 1), ("best top-1", BitConverter.Int64BitsToDouble(values[7]), -1, 1),
            ("improved epoch", values[8], 0, epoch + 1), ("seconds", seconds, 0, double.MaxValue),
            ("start of the epoch", BitConverter.Int64BitsToDouble(values[10]), 0, seconds),
        ];
        var wrong = Array.FindIndex(counters, counter => !(counter.Value >= counter.Min && counter.Value <= counter.Max));
        if (wrong < 0) return null;
        var (name, value, min, max) = counters[wrong];
        return Invariant($"its counter {name} is {value}, and {min} to {max} was expected");
    }

    /// <summary>The inverse of <see cref="ToArray"/>.</summary>
    public void CopyFrom(long[] values)
    {
        (Epoch, Batch, Step, Images, Correct) = ((int)values[0], (int)values[1], values[2], values[3], values[4]);
        LossSum = BitConverter.Int64BitsToDouble(values[5]);
        (BestEpoch, BestTop1, ImprovedEpoch) = ((int)values[6], BitConverter.Int64BitsToDouble(values[7]), (int)values[8]);
        (Seconds, EpochStart) = (BitConverter.Int64BitsToDouble(values[9]), BitConverter.Int64BitsToDouble(values[10]));
    }
}
