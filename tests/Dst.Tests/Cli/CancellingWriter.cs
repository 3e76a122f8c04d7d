namespace Dst.Tests.Cli;

/// <summary>Cancels once a text has been written.</summary>
internal sealed class CancellingWriter(CancellationTokenSource cancellation, string text) : StringWriter
{
    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (value?.Contains(text) == true) cancellation.Cancel();
    }
}
