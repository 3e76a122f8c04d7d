namespace Dst.Report.Runs;

/// <summary>Where the training of several arms is.</summary>
/// <param name="Arm">The arm in training.</param>
/// <param name="Network">Its network.</param>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Arms">Arms that are trained.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Epochs">Epochs of the arm.</param>
/// <param name="Done">Share of the arm's steps that are done, 0 to 1.</param>
/// <param name="Loss">Mean loss of the epoch so far.</param>
/// <param name="ImagesPerSecond">Training speed.</param>
/// <param name="Remaining">Expected time to the end of the arm.</param>
/// <param name="RemainingOfAll">Expected time to the end of the last arm.</param>
/// <seealso cref="Dst.Report.Html.LiveReport"/>
public sealed record LiveProgress(
    string Arm, string Network, int Number, int Arms, int Epoch, int Epochs, double Done, double Loss, double ImagesPerSecond,
    TimeSpan Remaining, TimeSpan RemainingOfAll);

/// <summary>A run as a page that follows it knows it.</summary>
/// <param name="Folder">Its run folder.</param>
/// <param name="Version">Changes when there is more to show.</param>
/// <param name="Progress">Where training is, or null before the first step.</param>
/// <seealso cref="Dst.Report.Html.LiveReport"/>
public sealed record LiveState(string Folder, int Version, LiveProgress? Progress)
{
    /// <summary>How the run ended, as a sentence, or null while it goes on.</summary>
    public string? End { get; init; }
}
