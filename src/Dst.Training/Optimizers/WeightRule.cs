namespace Dst.Training.Optimizers;

/// <summary>What changes the weights of a network in training besides its optimiser: masks that change, or rounding to 8 bits.</summary>
internal abstract class WeightRule
{
    /// <summary>The arrays that a checkpoint must hold.</summary>
    public virtual IEnumerable<(string Name, float[] Values)> State => [];

    /// <summary>Before the forward pass of step <paramref name="step"/>, from 0.</summary>
    public abstract void BeginStep(long step);

    /// <summary>After the backward pass, before the optimiser's step.</summary>
    public virtual void BeginUpdate()
    {
    }

    /// <summary>Before the network is evaluated and its weights may become the result.</summary>
    public virtual void BeginEvaluation()
    {
    }

    /// <summary>After <see cref="BeginEvaluation"/>: back to the weights in training.</summary>
    public virtual void EndEvaluation()
    {
    }

    /// <summary>Whether weights after <paramref name="steps"/> steps have the final sparsity, so that they may be the result.</summary>
    public virtual bool IsComplete(long steps) => true;

    /// <summary>Continues from a checkpoint.</summary>
    public virtual void Restore(IReadOnlyDictionary<string, float[]> state, long steps)
    {
    }

    /// <summary>Ends the training of a result that is in the network.</summary>
    public virtual void Finish()
    {
    }
}
