namespace Dst.Training.Experiments.Recipes;

/// <summary>A setting that lists arms.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ArmsSettingAttribute : SettingAttribute
{
    public ArmsSettingAttribute(string help) : base(help) => Choices = [.. ArmNames.All];
}
