using System.Globalization;
using System.Text;

namespace Dst.Interop.CSource;

/// <summary>How names, numbers and arrays are written in C.</summary>
internal static class CText
{
    /// <summary>The most letters of a prefix of names.</summary>
    public const int LongestName = 40;

    private const int LineLength = 120;

    private static readonly HashSet<string> Keywords =
    [
        "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for",
        "goto", "if", "inline", "int", "long", "main", "register", "restrict", "return", "short", "signed", "sizeof", "static",
        "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    ];

    // The network's header would hide the one of the C library: on Windows and macOS in capitals too.
    private static readonly HashSet<string> Headers = new(StringComparer.OrdinalIgnoreCase)
    {
        "alloca", "assert", "complex", "ctype", "endian", "errno", "features", "fenv", "float", "inttypes", "iso646", "limits", "locale",
        "malloc", "math", "memory", "setjmp", "signal", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdio",
        "stdlib", "stdnoreturn", "string", "strings", "tgmath", "threads", "time", "uchar", "unistd", "wchar", "wctype",
    };

    /// <summary>Whether a name can be a prefix of names in the source: an identifier that is not reserved.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetter(name[0]) && name.All(IsNameCharacter) && !IsReserved(name);

    /// <summary>A text as a prefix of names in the source.</summary>
    public static string ToName(string text)
    {
        var name = Identifier(text);
        if (name.Length == 0 || !char.IsAsciiLetter(name[0]) || IsReserved(name)) name = $"net_{name}";
        return name.Length <= LongestName ? name : name[..LongestName];
    }

    /// <summary>A layer's name as a part of an identifier.</summary>
    public static string Identifier(string layer) => Replace(layer, IsNameCharacter);

    /// <summary>A name as a part of a comment. It cannot end the comment.</summary>
    public static string Comment(string name) =>
        Replace(name, character => IsNameCharacter(character) || character is '.' or '-' or ':' or ' ');

    /// <summary>A name in the README as it is, but for control characters: code between more backticks than it has in a row.</summary>
    public static string Markdown(string name)
    {
        var fence = "`";
        while (name.Contains(fence, StringComparison.Ordinal)) fence += "`";
        var space = name.AsSpan().IndexOfAnyExcept(' ') >= 0 && (name[0] is '`' or ' ' || name[^1] is '`' or ' ') ? " " : "";
        return $"{fence}{space}{Replace(name, character => !char.IsControl(character))}{space}{fence}";
    }

    /// <summary>A name as a constant of C, in UTF-8. Other than plain bytes are three octal digits, after which a number ends.</summary>
    public static string String(string name) => $"\"{string.Concat(Encoding.UTF8.GetBytes(name).Select(Character))}\"";

    /// <summary>The shortest decimal constant that a compiler reads as exactly this number.</summary>
    public static string Float(float value)
    {
        if (!float.IsFinite(value)) throw new InputException(Invariant($"a weight is {value}; finite ones were expected"));
        var digits = value.ToString("R", CultureInfo.InvariantCulture);
        return digits.AsSpan().IndexOfAny('.', 'E') < 0 ? $"{digits}.0f" : $"{digits}f";
    }

    /// <summary>An array of constants.</summary>
    public static string Array(string type, string name, IEnumerable<string> values)
    {
        var text = new StringBuilder();
        var line = new StringBuilder("   ");
        var count = 0;
        foreach (var value in values)
        {
            if (line.Length + value.Length + 2 > LineLength)
            {
                text.Append(line).Append('\n');
                line.Clear().Append("   ");
            }

            line.Append(' ').Append(value).Append(',');
            count++;
        }

        return $"static const {type} {name}[{count}] = {{\n{text}{line}\n}};\n";
    }

    // A question mark could begin a trigraph.
    private static string Character(byte code) => code is >= 0x20 and < 0x7f && (char)code is not ('"' or '\\' or '?')
        ? $"{(char)code}" : $"\\{Convert.ToString(code, 8).PadLeft(3, '0')}";

    private static bool IsReserved(string name) => Keywords.Contains(name) || Headers.Contains(name);

    private static bool IsNameCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';

    private static string Replace(string name, Func<char, bool> isLegal) =>
        string.Concat(name.Select(character => isLegal(character) ? character : '_'));
}
