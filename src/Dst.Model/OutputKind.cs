namespace Dst;

/// <summary>What the outputs of a network are.</summary>
public enum OutputKind
{
    /// <summary>Logits: their softmax gives the probability of each class. A single one is that of the second of two classes.</summary>
    Logits,

    /// <summary>The probability of each class. They sum to 1: the network ends in a softmax.</summary>
    Probabilities,

    /// <summary>
    /// The probability of each class alone, from 0 to 1: the network ends in a sigmoid. A single one is that of the second of two classes.
    /// </summary>
    Sigmoid,

    /// <summary>Numbers without a scale, such as one score.</summary>
    None,
}
