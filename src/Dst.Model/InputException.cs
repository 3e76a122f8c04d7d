namespace Dst;

/// <summary>
/// Wrong usage or input. The message is one sentence that names the file or option, the value found and what was expected. The command
/// line prints it without a stack trace and exits with code 2.
/// </summary>
/// <example>
/// <code>
/// try
/// {
///     var model = Model.Load("dst.safetensors");
/// }
/// catch (InputException e)
/// {
///     Console.Error.WriteLine(e.Message); // one sentence: what was found, and what was expected
/// }
/// </code>
/// </example>
public sealed class InputException : Exception
{
    /// <summary>Creates the error with the sentence that is shown to the user.</summary>
    public InputException(string message) : base(message)
    {
    }

    /// <summary>Creates the error with the sentence that is shown to the user and its cause.</summary>
    public InputException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
