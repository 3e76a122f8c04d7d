namespace Dst.Training.Optimizers;

/// <summary>
/// The learning rate of each step s = 0 … N − 1; W of the N steps are warm-up, η is the largest learning rate.
/// <code>
/// warm-up    η(s) = η(W) · (s + 1)/W for s &lt; W                      Goyal et al., "Accurate, Large Minibatch SGD", 2017
/// constant   η
/// step       η · γ^k, k milestones (epochs from the run's start) passed
/// cosine     η_end + (η − η_end)·(1 + cos πt)/2, t = (s − W)/(N − W)   Loshchilov, Hutter, "SGDR", 2017; r restarts: the
///            fraction of (r + 1)·t in place of t
/// one-cycle  η/start → η → η/start/final, each along (1 + cos πt)/2     Smith, Topin, "Super-Convergence", 2019, as in PyTorch
/// </code>
/// One-cycle peaks at the share r of the N − W steps after the warm-up, less one step, and ends at the last step. Momentum is not
/// cycled. A run can be the end of a longer schedule: learning-rate rewinding, Renda, Frankle, Carbin, "Comparing Rewinding and
/// Fine-tuning in Neural Network Pruning", ICLR 2020.
/// </summary>
/// <seealso cref="ScheduleOptions"/>
public sealed class Schedule
{
    private readonly ScheduleOptions _options;
    private readonly long _stepsPerEpoch;
    private readonly long _stepsBefore; // steps of the schedule that come before the run
    private readonly long _steps;
    private readonly long _warmUp;

    private Schedule(ScheduleOptions options, int epochs, long stepsPerEpoch)
    {
        (_options, _stepsPerEpoch, _stepsBefore) = (options, stepsPerEpoch, options.EpochsBefore * stepsPerEpoch);
        (_steps, _warmUp) = (_stepsBefore + epochs * stepsPerEpoch, options.WarmUpSteps(stepsPerEpoch));
    }

    /// <summary>The schedule of a run.</summary>
    /// <param name="options">Form of the schedule.</param>
    /// <param name="epochs">Epochs of the run, at least 1.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch, at least 1.</param>
    /// <exception cref="InputException">The options contradict each other or the run.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public static Schedule Create(ScheduleOptions options, int epochs, long stepsPerEpoch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stepsPerEpoch, 1);
        options.Check("train", epochs, stepsPerEpoch);
        return new(options, epochs, stepsPerEpoch);
    }

    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">Steps of the run taken before it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The run has no such step.</exception>
    public double LearningRate(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        step += _stepsBefore;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, _steps);
        return step < _warmUp ? AfterWarmUp(_warmUp) * (step + 1) / _warmUp : AfterWarmUp(step);
    }

    private double AfterWarmUp(long step)
    {
        var (done, steps) = (step - _warmUp, _steps - _warmUp);
        return _options.Kind switch
        {
            ScheduleKind.Constant => _options.LearningRate,
            ScheduleKind.Step => _options.LearningRate * Math.Pow(_options.Gamma, MilestonesPassed(step / _stepsPerEpoch)),
            ScheduleKind.Cosine => Anneal(
                _options.LearningRate, _options.FinalLearningRate, (double)(done * (_options.Restarts + 1) % steps) / steps),
            ScheduleKind.OneCycle => OneCycle(done, steps),
            var kind => throw new InvalidOperationException($"unknown schedule {kind}"),
        };
    }

    private int MilestonesPassed(long epoch)
    {
        var passed = 0;
        for (var i = 0; i < _options.Milestones.Count; i++) passed += epoch >= _options.Milestones[i] ? 1 : 0;
        return passed;
    }

    private double OneCycle(long done, long steps)
    {
        var start = _options.LearningRate / _options.StartDivisor;
        var peakStep = Math.Max(0, _options.RisingShare * steps - 1);
        if (done < peakStep) return Anneal(start, _options.LearningRate, done / peakStep);
        var fall = steps - 1 - peakStep;
        return Anneal(_options.LearningRate, start / _options.FinalDivisor, fall > 0 ? (done - peakStep) / fall : 0);
    }

    /// <summary>Half a cosine from <paramref name="from"/> at t = 0 to <paramref name="to"/> at t = 1.</summary>
    private static double Anneal(double from, double to, double t) => to + (from - to) * (1 + Math.Cos(Math.PI * t)) / 2;
}
