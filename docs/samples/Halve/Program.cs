using Dst;
using Dst.Images;
using Dst.Interop.Onnx;
using Dst.Runtime.Inference;
using Dst.Runtime.Quantisation;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Masks.Repair;

try
{
    var (network, photos, photo) = (args[0], args[1], args[2]); // network.onnx, a folder of images without labels, an image
    var dense = OnnxImporter.Import(network);

    var count = NetworkRepair.ImagesFor(dense.Graph, Halving.Options);
    var images = CalibrationImages.DrawFiles(photos, dense, count, seed: 1, Console.WriteLine);
    using var pool = new WorkerPool(Environment.ProcessorCount);
    var halved = Halving.Apply(dense, images, Halving.Options, new ComputeContext(pool), Console.WriteLine).Model;
    halved.Save("halved.safetensors");

    images = CalibrationImages.DrawFiles(photos, halved, count: 256, seed: 1, Console.WriteLine);
    var int8 = Quantiser.Quantise(halved, images.Values, images.Count).Model;
    int8.Save("int8.safetensors");

    using var predictor = new Predictor(int8);
    var best = predictor.Top(Image.Read(photo), 1)[0];
    Console.WriteLine($"{photo}: {best.Name} {best.Value:P1}");
    return 0;
}
catch (InputException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
