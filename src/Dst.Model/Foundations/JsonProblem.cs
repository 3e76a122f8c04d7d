using System.Text.Json;
using System.Text.RegularExpressions;

namespace Dst.Foundations;

/// <summary>Says what is wrong with a JSON text, in words that do not need the source.</summary>
public static partial class JsonProblem
{
    /// <summary>What the reader or the serialiser met, such as <c>line 3 is not JSON</c>.</summary>
    public static string Describe(Exception exception)
    {
        var message = exception.Message;
        if (exception is not JsonException problem) return "a value has no kind, or is a text that is not Unicode";
        var line = $"line {(problem.LineNumber ?? 0) + 1}";
        if (exception.GetType() != typeof(JsonException) || problem.InnerException is JsonException) return $"{line} is not JSON";
        if (Missing().Match(message) is { Success: true } missing) return $"{Phrases.Shorten(missing.Groups[1].Value)} is missing";
        if (Unknown().Match(message) is { Success: true } unknown)
            return $"{line} has the unknown kind {Phrases.Shorten(unknown.Groups[1].Value)}";
        return message.Contains("Path: ", StringComparison.Ordinal) || message.Contains("type '", StringComparison.Ordinal)
            ? $"{line} has a value of another kind at {Phrases.Shorten(problem.Path ?? "$")}"
            : message.TrimEnd('.'); // of our own converters
    }

    [GeneratedRegex("properties including: (.*?)\\.?$")]
    private static partial Regex Missing();

    [GeneratedRegex("discriminator id ('[^']*')")]
    private static partial Regex Unknown();
}
