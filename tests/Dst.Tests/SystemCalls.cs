using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Dst.Tests;

/// <summary>System calls that tests need and .NET does not offer.</summary>
internal static partial class SystemCalls
{
    private const int Nobody = 65534;

    /// <summary>Makes a named pipe, which has no content until a process writes to it.</summary>
    public static void MakePipe(string path) => Assert.Equal(0, mkfifo(path, Convert.ToUInt32("600", 8)));

    /// <summary>Sets the permissions of a file or folder.</summary>
    public static void SetMode(string path, string octal) => Assert.Equal(0, chmod(path, Convert.ToUInt32(octal, 8)));

    /// <summary>Sends a process a signal.</summary>
    public static void Send(int signal, int process) => Assert.Equal(0, kill(process, signal));

    /// <summary>Runs an action on a thread that file permissions bind, even if this process runs as root.</summary>
    public static void AsOrdinaryUser(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Environment.IsPrivilegedProcess) _ = setfsuid(Nobody); // of this thread alone
                action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int setfsuid(int user);
}
