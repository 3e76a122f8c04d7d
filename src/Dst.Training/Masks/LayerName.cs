using System.IO.Enumeration;

namespace Dst.Training.Masks;

/// <summary>Names of layers in recipes, in which * stands for any characters.</summary>
/// <seealso cref="PruningOptions"/>
public static class LayerName
{
    /// <summary>Whether <paramref name="pattern"/> names <paramref name="layer"/>.</summary>
    public static bool Fits(string pattern, string layer) => FileSystemName.MatchesSimpleExpression(pattern, layer, ignoreCase: false);

    /// <summary>Checks that each of some patterns names a layer.</summary>
    /// <param name="setting">The setting that has the patterns.</param>
    /// <param name="patterns">Names of layers.</param>
    /// <param name="layers">The layers that may be named.</param>
    /// <param name="kind">What these layers are, if they are not all layers.</param>
    /// <exception cref="InputException">A pattern fits no layer.</exception>
    public static void Check(string setting, IEnumerable<string> patterns, IReadOnlyList<string> layers, string kind = "")
    {
        if (patterns.FirstOrDefault(pattern => !layers.Any(layer => Fits(pattern, layer))) is { } pattern)
            throw new InputException(
                $"{setting} has '{pattern}', which fits no layer{kind}; expected names such as '{string.Join("", layers.Take(1))}'");
    }
}
