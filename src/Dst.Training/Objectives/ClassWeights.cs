namespace Dst.Training.Objectives;

/// <summary>The weights of classes in the labels' loss.</summary>
internal static class ClassWeights
{
    /// <summary>
    /// Balanced: w_c = n/(K·n_c), n images of K classes, n_c of class c. So all classes weigh the same and the mean over the images is 1.
    /// </summary>
    /// <param name="weighting">Which weights.</param>
    /// <param name="counts">Training images of each class. One without images has no weight and does not count in K.</param>
    /// <returns>A weight for each class, or null for 1 each.</returns>
    public static float[]? Of(ClassWeighting weighting, int[] counts)
    {
        if (weighting == ClassWeighting.None) return null;
        var imagesPerClass = (double)counts.Sum() / counts.Count(count => count > 0);
        return Array.ConvertAll(counts, count => count > 0 ? (float)(imagesPerClass / count) : 0);
    }
}
