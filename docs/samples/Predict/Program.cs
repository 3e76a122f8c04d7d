using Dst;
using Dst.Images;
using Dst.Runtime.Inference;

try
{
    using var predictor = Predictor.Load(args[0]);
    foreach (var path in args[1..])
    {
        float[] p = predictor.Predict(Image.Read(path));
        var best = Array.IndexOf(p, p.Max());
        Console.WriteLine($"{path}: {predictor.ClassNameOf(best)} {p[best]:0.0%}");
    }

    return 0;
}
catch (InputException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
