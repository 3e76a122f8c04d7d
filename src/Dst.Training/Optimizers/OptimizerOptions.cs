namespace Dst.Training.Optimizers;

/// <summary>Which rule updates the weights.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adam with decoupled weight decay.</summary>
    Adamw,
}

/// <summary>Recipe section <c>optimizer</c>: how gradients become weights.</summary>
public sealed record OptimizerOptions
{
    /// <summary>The update rule.</summary>
    [Setting("rule that updates the weights")]
    public OptimizerKind Kind { get; init; } = OptimizerKind.Sgd;

    /// <summary>Momentum μ of SGD.</summary>
    [Setting("momentum of sgd", Min = 0, Max = 0.9999)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov's form of the momentum.</summary>
    [Setting("use Nesterov momentum in sgd")]
    public bool Nesterov { get; init; }

    /// <summary>Weight decay λ: added to the gradient by SGD, decoupled from it by AdamW.</summary>
    [Setting("weight decay", Min = 0, Max = 1)]
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>Whether scales and shifts of batch normalisation and biases decay too.</summary>
    [Setting("apply weight decay to biases and to the scales and shifts of batch normalisation too")]
    public bool DecayBatchNormAndBias { get; init; } = true;

    /// <summary>Decay β₁ of AdamW's first moment.</summary>
    [Setting("decay of adamw's mean gradient", Min = 0, Max = 0.9999)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay β₂ of AdamW's second moment.</summary>
    [Setting("decay of adamw's mean squared gradient", Min = 0, Max = 0.999999)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε of AdamW, added to the root of the second moment.</summary>
    [Setting("term that keeps adamw from dividing by zero", Min = 1e-12, Max = 1)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Finds options that contradict each other.</summary>
    /// <exception cref="InputException">Nesterov's form is asked for without momentum.</exception>
    public void Check()
    {
        if (Kind == OptimizerKind.Sgd && Nesterov && Momentum == 0)
            throw new InputException("optimizer.nesterov is true while optimizer.momentum is 0; expected a momentum above 0");
    }
}
