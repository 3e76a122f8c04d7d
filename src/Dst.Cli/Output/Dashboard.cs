using System.Net;
using System.Text;
using Dst.Report.Html;
using Dst.Report.Runs;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Output;

/// <summary>
/// Serves the report of a run while it goes on, to browsers on this machine alone. Pages are made when they are asked for, on a thread
/// that is not of the training.
/// </summary>
internal sealed class Dashboard : IDisposable
{
    /// <summary>The port that is tried first.</summary>
    public const int FirstPort = 8090;

    private const int PortsToTry = 100;
    private const int PatienceMilliseconds = 3000; // a page asks each second
    private const int PauseMilliseconds = 100; // after a failure, which may come again at once

    private readonly RunFolder _run;
    private readonly HttpListener _listener;
    private readonly Thread _thread;
    private volatile LiveProgress? _progress;
    private volatile int _epochs;
    private (int Version, string Text)? _page; // of the server's thread
    private readonly ManualResetEventSlim _endIsShown = new();
    private volatile string? _end;
    private long _lastAsked = -PatienceMilliseconds;

    private Dashboard(RunFolder run, HttpListener listener, int port)
    {
        (_run, _listener, Port) = (run, listener, port);
        _thread = new(Serve) { IsBackground = true, Name = "dst dashboard" };
        _thread.Start();
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    // Tells pages apart that show other epochs or arms.
    private int Version => _epochs + _run.Summary.Arms.Count + (_end is null ? 0 : 1);

    private LiveState State => new(_run.Path, Version, _progress) { End = _end };

    /// <summary>Begins to serve a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="port">The port, or null for the first free one.</param>
    /// <exception cref="InputException">The port is taken, or none is free.</exception>
    public static Dashboard Begin(RunFolder run, int? port)
    {
        foreach (var candidate in port is { } only ? [only] : Enumerable.Range(FirstPort, PortsToTry))
        {
            var listener = new HttpListener();
            listener.Prefixes.Add($"http://127.0.0.1:{candidate}/");
            try
            {
                listener.Start();
                return new(run, listener, candidate);
            }
            catch (HttpListenerException e)
            {
                listener.Close();
                if (port is not null)
                    throw new InputException(
                        $"--port {port} cannot be used ({e.Message.TrimEnd('.')}); expected a free port, or none to take the first",
                        e);
            }
        }

        throw new InputException($"none of the ports {FirstPort} to {FirstPort + PortsToTry - 1} is free; expected one, or --port");
    }

    /// <summary>Takes where training is. Call from the thread that trains.</summary>
    public void Show(ExperimentProgress progress)
    {
        var last = progress.Last;
        _progress = new(
            Arm: last.Arm,
            Network: progress.Network,
            Number: progress.Number,
            Arms: progress.Arms,
            Epoch: last.Epoch,
            Epochs: last.Epochs,
            Done: progress.Done,
            Loss: last.Loss,
            ImagesPerSecond: last.ImagesPerSecond,
            Remaining: last.Remaining,
            RemainingOfAll: progress.RemainingOfAll);
    }

    /// <summary>Says that there is an epoch more to show. Call from the thread that trains.</summary>
    public void EpochEnded() => _epochs++;

    /// <summary>Says that all arms are finished. Without it, the run was stopped.</summary>
    public void Finish() => _end = $"The run has ended. Its report is {Path.GetFullPath(Path.Combine(_run.Path, HtmlReport.FileName))}";

    /// <summary>Shows the end to a page that looks, and ends.</summary>
    public void Dispose()
    {
        _end ??= $"The run has stopped. Its folder is {Path.GetFullPath(_run.Path)}";
        var isWatched = Environment.TickCount64 - Volatile.Read(ref _lastAsked) < PatienceMilliseconds;
        if (isWatched) _endIsShown.Wait(PatienceMilliseconds);
        _listener.Close();
        _thread.Join();
    }

    private void Serve()
    {
        while (true)
        {
            try
            {
                Answer(_listener.GetContext());
            }
            catch (Exception) // must not end the training: a browser may have gone away
            {
                if (!_listener.IsListening) return;
                Thread.Sleep(PauseMilliseconds);
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        var hasEnd = _end is not null && context.Request.Url?.AbsolutePath == "/";
        var reply = ReplyTo(context.Request);
        var bytes = Encoding.UTF8.GetBytes(reply.Text);
        var response = context.Response;
        (response.StatusCode, response.ContentLength64) = (reply.Status, bytes.Length);
        response.ContentType = $"{reply.Type}; charset=utf-8";
        response.Headers["Cache-Control"] = "no-store";
        response.Headers["X-Content-Type-Options"] = "nosniff";
        response.Close(bytes, willBlock: true);
        Volatile.Write(ref _lastAsked, Environment.TickCount64);
        if (hasEnd) _endIsShown.Set();
    }

    private Reply ReplyTo(HttpListenerRequest request)
    {
        try
        {
            return Find(request);
        }
        catch (Exception e)
        {
            return new(500, "text/plain", e.Message);
        }
    }

    private Reply Find(HttpListenerRequest request)
    {
        // A page of another site may have a name that leads to this address.
        if (request.UserHostName != $"127.0.0.1:{Port}") return new(421, "text/plain", "wrong host");
        if (request.HttpMethod != "GET") return new(405, "text/plain", "GET was expected");
        return request.Url?.AbsolutePath switch
        {
            "/" => new(200, "text/html", Page()),
            LiveReport.NowPath => new(200, "text/html", LiveReport.Now(State)),
            LiveReport.ScriptPath => new(200, "text/javascript", LiveReport.Script),
            _ => new(404, "text/plain", "not found"),
        };
    }

    private string Page()
    {
        var state = State;
        if (_page?.Version != state.Version)
            _page = (state.Version, LiveReport.Page(new(_run.Path, _run.Summary, _run.Recipe), state));
        return _page.Value.Text;
    }

    private readonly record struct Reply(int Status, string Type, string Text);
}
