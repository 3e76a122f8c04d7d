using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Training.Experiments.Spread;

/// <summary>How a rank makes an arm of a run: it trains in the folder and calls the last argument whenever the state is saved.</summary>
/// <seealso cref="Pipeline"/>
public delegate void MakeArm(RunFolder run, string arm, Action<string> log, Action checkpointSaved);

/// <summary>Makes items one after another, each in a temporary folder of its own.</summary>
/// <param name="recipe">The recipe with its seeds.</param>
/// <param name="make">Makes an arm.</param>
internal sealed class SpreadWorker(Recipe recipe, MakeArm make)
{
    /// <summary>Makes what it is told to, until there is nothing more.</summary>
    /// <param name="send">Sends a message.</param>
    /// <param name="receive">Waits for the answer.</param>
    public void Run(Action<RankMessage> send, Func<RankMessage> receive)
    {
        send(new(RankMessageKind.Idle));
        while (receive() is { Kind: RankMessageKind.Make } order) send(Make(order, send));
    }

    /// <summary>Makes an item.</summary>
    /// <returns>The message that says how it ended.</returns>
    private RankMessage Make(RankMessage order, Action<RankMessage> send)
    {
        var folder = Directory.CreateTempSubdirectory("dst-item-").FullName;
        var log = new List<string>();
        RankMessage Tell(RankMessageKind kind) => new(kind, order.Item) { Log = [.. log], Files = NewFilesOf(folder, order) };
        try
        {
            RunFiles.Write(folder, order.Files);
            using (var run = RunFolder.OpenPart(folder, RunSet.RecipeOf(recipe, order.Seed)))
                make(run, order.Arm, log.Add, () => send(Tell(RankMessageKind.Checkpoint) with { Log = [] }));
            return Tell(RankMessageKind.Done);
        }
        catch (OperationCanceledException)
        {
            return Tell(RankMessageKind.Cancelled);
        }
        catch (Exception e) when (e is InputException or NotFiniteNumberException or IOException or UnauthorizedAccessException)
        {
            return new(RankMessageKind.Failed, order.Item) { Log = [.. log], Reason = e.Message };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Dictionary<string, byte[]> NewFilesOf(string folder, RankMessage order) =>
        Directory.GetFiles(folder).Select(path => Path.GetFileName(path))
            .Where(name => !name.StartsWith('.') && (!order.Files.ContainsKey(name) || IsWritten(name)))
            .ToDictionary(name => name, name => RunFiles.Read(folder, name));

    private static bool IsWritten(string name) => name == RunFiles.Checkpoint || RunFiles.Tables.Contains(name);
}
