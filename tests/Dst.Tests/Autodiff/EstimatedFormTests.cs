using System.Runtime.CompilerServices;
using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Tests.Kernels;
using Dst.Training.Autodiff;
using Dst.Training.Autodiff.Nodes;
using Dst.Training.Networks;
using Dst.Training.Ranks;

namespace Dst.Tests.Autodiff;

/// <summary>
/// The estimated form of a layer decides the bits of a training, so it must not change. <c>training_forms.csv</c> lists the form of
/// every layer of the zoo, dense and halved, at batches of 32 to 256.
/// </summary>
public sealed class EstimatedFormTests
{
    private static readonly int[] Batches = [32, 64, 128, 256];

    [Fact]
    public void The_estimated_form_of_every_layer_of_the_zoo_is_as_recorded()
    {
        foreach (var (shape, expected) in Recorded())
        {
            KeptTaps[] sharedBy16 = [DirectConvolutionCase.Half(shape, 16, 16, true), DirectConvolutionCase.Half(shape, 16, 4, false)];
            KeptTaps?[] readsAll = [null, DirectConvolutionCase.Half(shape, 4, 16, true), DirectConvolutionCase.Half(shape, 1, 16, false)];
            for (var i = 0; i < Batches.Length; i++)
            {
                foreach (var kept in readsAll) Assert.Equal((shape, expected[i]), (shape, Describe(shape, kept, Batches[i])));
                foreach (var kept in sharedBy16)
                    Assert.Equal((shape, expected[Batches.Length + i]), (shape, Describe(shape, kept, Batches[i])));
            }
        }
    }

    [Fact]
    public void Every_layer_of_the_zoo_is_recorded()
    {
        var recorded = Recorded().Select(row => row.Shape).ToHashSet();
        foreach (var network in Zoo.Names)
        {
            var (input, classes) = Zoo.UsualTask(network);
            var graph = Zoo.Build(network, input, classes);
            foreach (var node in graph.Nodes.Where(node => node.Operation is Conv2dOp { Groups: 1 }))
                Assert.Contains(((Conv2dOp)node.Operation).ShapeFor(graph.Shapes[node.Inputs[0]]), recorded);
        }
    }

    /// <summary>The form with the rows of tiles that run together, such as <c>winograd4x4 by position 1024</c>.</summary>
    private static string Describe(Conv2dShape shape, KeptTaps? kept, int batch)
    {
        var form = ConvolutionForms.Estimated.FormOf(SimdTier.V128, "layer", shape, kept, batch);
        if (form is not WinogradForm winograd) return form is FftForm ? form.Name : "direct";
        return winograd.RunsByPosition(shape)
            ? $"{form} by position {batch * winograd.RowsOf(shape)}"
            : $"{form} {WinogradNode.RowsTogether(winograd, shape, RankGroup.Single.LargestPart(batch))}";
    }

    private static IEnumerable<(Conv2dShape Shape, string[] Forms)> Recorded([CallerFilePath] string source = "")
    {
        foreach (var row in File.ReadLines(Path.Combine(Path.GetDirectoryName(source)!, "..", "Golden", "training_forms.csv")).Skip(1))
        {
            var cells = row.Split(',');
            var sizes = cells.Take(7).Select(int.Parse).ToArray();
            yield return (new(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[4], sizes[5], sizes[6]), cells[7..]);
        }
    }
}
