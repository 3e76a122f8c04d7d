using Dst.Runtime;
using Dst.Runtime.Images;

try
{
    using var model = Model.Load(args[0]);
    foreach (var path in args[1..])
    {
        float[] p = model.Predict(Image.Read(path));
        var best = Array.IndexOf(p, p.Max());
        Console.WriteLine($"{path}: {model.ClassNameOf(best)} {p[best]:P1}");
    }

    return 0;
}
catch (InputException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
