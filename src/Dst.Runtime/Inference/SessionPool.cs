using Dst.Images;

namespace Dst.Runtime.Inference;

/// <summary>
/// The sessions of a predictor's plan, one for each call that runs. One is made if none is idle, and kept for later calls. The pool frees
/// the plan too.
/// </summary>
internal sealed class SessionPool(InferencePlan plan, int threads) : IDisposable
{
    private readonly Stack<CallState> _idle = new(); // also the lock of the two fields below
    private int _running;
    private bool _disposed;

    /// <summary>Sessions that wait for a call.</summary>
    public int IdleSessions
    {
        get
        {
            lock (_idle) return _idle.Count;
        }
    }

    /// <summary>Begins a call, which <see cref="GiveBack"/> ends.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public CallState Take()
    {
        lock (_idle)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(Predictor));
            _running++;
            if (_idle.TryPop(out var state)) return state;
        }

        try
        {
            return new(plan, threads); // outside the lock: it takes memory and starts threads
        }
        catch
        {
            EndCall();
            throw;
        }
    }

    /// <summary>Ends a call.</summary>
    public void GiveBack(CallState state)
    {
        lock (_idle)
        {
            if (_disposed) state.Dispose();
            else _idle.Push(state);
            EndCall();
        }
    }

    /// <summary>Frees idle sessions; the others and the plan when the last call ends.</summary>
    public void Dispose()
    {
        lock (_idle)
        {
            if (_disposed) return;
            _disposed = true;
            while (_idle.TryPop(out var state)) state.Dispose();
            if (_running == 0) plan.Dispose();
        }
    }

    private void EndCall()
    {
        lock (_idle)
        {
            _running--;
            if (_disposed && _running == 0) plan.Dispose();
        }
    }

    /// <summary>What one call uses: a session, and room for the prepared images of a batch.</summary>
    internal sealed class CallState(InferencePlan plan, int threads) : IDisposable
    {
        private float[] _inputs = [];

        public InferenceSession Session { get; } = plan.CreateSession(threads);

        public ReadOnlySpan<float> Prepare(ReadOnlySpan<Image> images, InputNormalisation normalisation)
        {
            var length = (int)plan.Input.Count;
            if (_inputs.Length < images.Length * length) _inputs = new float[images.Length * length];
            for (var i = 0; i < images.Length; i++)
                Preprocessor.Prepare(images[i], normalisation, plan.Input, _inputs.AsSpan(i * length, length));
            return _inputs.AsSpan(0, images.Length * length);
        }

        public void Dispose() => Session.Dispose();
    }
}
