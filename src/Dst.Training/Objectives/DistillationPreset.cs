namespace Dst.Training.Objectives;

/// <summary>Weights of distillation that a recipe names in one word.</summary>
public enum DistillationPreset
{
    /// <summary>Hinton, Vinyals, Dean 2015, with the usual balance.</summary>
    Kd,

    /// <summary>Sun et al. 2024: KD of standardised logits, for ResNet-56 to ResNet-20 and the like.</summary>
    Standardised,

    /// <summary>Huang et al. 2022: correlations in place of the divergence.</summary>
    Dist,
}

/// <summary>What the words stand for.</summary>
internal static class DistillationPresets
{
    /// <summary>Every key of the section as the preset sets it.</summary>
    public static DistillationOptions Of(DistillationPreset preset) => preset switch
    {
        DistillationPreset.Kd => new() { Preset = preset, Temperature = 4, Alpha = 0.9 },
        DistillationPreset.Standardised => new() { Preset = preset, Temperature = 2, Alpha = 9, Labels = 0.1, Standardise = true },
        DistillationPreset.Dist => new()
        {
            Preset = preset,
            Temperature = 4,
            Alpha = 0,
            Labels = 1,
            Dist = new() { InterClass = 2, IntraClass = 2 },
        },
        _ => throw new ArgumentOutOfRangeException(nameof(preset), preset, "unknown preset"),
    };
}
