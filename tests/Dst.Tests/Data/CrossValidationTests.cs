using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

public sealed class CrossValidationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public CrossValidationTests()
    {
        foreach (var (name, count) in new[] { ("a", 7), ("b", 5), ("c", 6) })
        {
            for (var i = 0; i < count; i++) Write($"{name}/{i}.png", i);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 5)]
    [InlineData(6, 5)]
    [InlineData(-4, 5)]
    [InlineData(1, 2)]
    public void Seeds_in_a_row_test_every_image_once_and_every_class_each_time(int first, int folds)
    {
        var tests = Enumerable.Range(first, folds).Select(seed => Load(seed, folds)).ToList();
        Assert.Equal(18, tests.SelectMany(data => data.Test.Samples).Select(sample => sample.Name).Distinct().Count());
        Assert.Equal(18, tests.Sum(data => data.Test.Count));
        Assert.All(tests, data =>
        {
            Assert.InRange(data.Test.Count, 18 / folds, (18 + folds - 1) / folds);
            Assert.Equal([0, 1, 2], data.Test.Samples.Select(sample => sample.Label!.Value).Distinct().Order());
            var all = data.Splits.SelectMany(split => split.Samples).Select(sample => sample.Name);
            Assert.Equal(18, all.Distinct().Count());
            Assert.Equal(3, data.Validation.Count);
        });
        Assert.Contains(
            $"data: the test is part 1 of {folds}; the seeds {first} to {first + folds - 1} test each image once (data.folds)", _log);
    }

    [Fact]
    public void The_next_seeds_cut_the_data_anew_and_the_same_seed_as_before()
    {
        Assert.Equal(NamesOf(Load(2, 5)), NamesOf(Load(2, 5)));
        Assert.NotEqual(
            Enumerable.Range(1, 5).Select(seed => NamesOf(Load(seed, 5))).Order(),
            Enumerable.Range(6, 5).Select(seed => NamesOf(Load(seed, 5))).Order());

        static string NamesOf(DataSet data) => string.Join(' ', data.Test.Samples.Select(sample => sample.Name));
    }

    [Fact]
    public void What_cannot_be_cut_is_refused()
    {
        AssertRefused("data.folds is 1; 0 or at least 2 were expected", 1);
        AssertRefused("class 'b' has 5 images; at least 6 were expected, one for each of data.folds", 6);
        Load(1, 5, test: 0.3);
        Assert.Contains("data: data.test 0.3 has no effect with data.folds 5", _log);
        foreach (var name in new[] { "a", "b", "c" })
        {
            Directory.CreateDirectory(_folder.File("train"));
            Directory.Move(_folder.File(name), _folder.File($"train/{name}"));
            Write($"test/{name}/1.png", 40);
        }

        AssertRefused("data.folds is 5, and the data has a test split of 3 images; 0 was expected", 5);
    }

    private void AssertRefused(string words, int folds) =>
        Assert.Contains(words, Assert.Throws<InputException>(() => Load(1, folds)).Message);

    private DataSet Load(long seed, int folds, double test = 0.2) =>
        DataSet.Load(new() { Path = _folder.Path, Folds = folds, Test = test, Validation = 0.2 }, seed, _log.Add);

    private void Write(string name, int value)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllBytes(_folder.File(name), TestImages.GreyPng(8, 8, (y, x) => (byte)(name[^7] + 20 * value + y + x)));
    }
}
