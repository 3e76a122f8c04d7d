using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>max(x, 0). Where it is its input's only reader, output and input are the same buffer.</summary>
internal sealed unsafe class ReluNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output) : TrainingNode(node, inputs, output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        Elementwise.Relu(Input.Value(images.First), (long)images.Count * Input.ImageLength, Output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        Elementwise.ReluGradient(
            Output.Value(images.First), Output.Gradient(images.First), (long)images.Count * Input.ImageLength, Input.Gradient(images.First),
            Accumulate[0] && Input != Output);
    }
}

/// <summary>a + b.</summary>
internal sealed unsafe class AddNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output) : TrainingNode(node, inputs, output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        Elementwise.Add(Inputs[0].Value(images.First), Inputs[1].Value(images.First), (long)images.Count * Output.ImageLength, Output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        for (var i = 0; i < Inputs.Length; i++)
        {
            if (Inputs[i].NeedsGradient)
                Elementwise.Copy(Output.Gradient(images.First), (long)images.Count * Output.ImageLength, Inputs[i].Gradient(images.First), Accumulate[i]);
        }
    }
}

/// <summary>Dropout in training; a copy otherwise.</summary>
internal sealed unsafe class DropoutNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output, long seed, int index) : TrainingNode(node, inputs, output)
{
    private ulong _key;

    private float Rate => Pass.Training ? ((DropoutOp)Node.Operation).Rate : 0;

    protected override void BeginForward(WorkerPool pool) => _key = new RandomStream(seed, RandomPurpose.Dropout, Pass.Step, index).NextBits();

    protected override void ForwardImages(ImageRange images, int part) =>
        Apply(Input.Value(images.First), images, Output.Value(images.First), accumulate: false);

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient) Apply(Output.Gradient(images.First), images, Input.Gradient(images.First), Accumulate[0]);
    }

    private void Apply(float* source, ImageRange images, float* destination, bool accumulate)
    {
        var length = (long)images.Count * Input.ImageLength;
        if (Rate == 0) Elementwise.Copy(source, length, destination, accumulate);
        else Dropout.Apply(source, length, (long)images.First * Input.ImageLength, _key, Rate, destination, accumulate);
    }
}
