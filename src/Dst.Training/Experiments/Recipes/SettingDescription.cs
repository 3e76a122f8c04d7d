namespace Dst.Training.Experiments.Recipes;

/// <summary>One key of a recipe, for help and documentation.</summary>
/// <param name="Path">The key with its sections, such as <c>train.epochs</c>.</param>
/// <param name="Expected">The legal values in words.</param>
/// <param name="Default">The value when the key is left out.</param>
/// <param name="Help">What it does.</param>
public sealed record SettingDescription(string Path, string Expected, string Default, string Help);
