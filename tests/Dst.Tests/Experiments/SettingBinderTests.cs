using Dst.Training;
using Dst.Training.Experiments.Recipes;

namespace Dst.Tests.Experiments;

/// <summary>Strict binding of YAML to options: what is legal, and one sentence for each error.</summary>
public class SettingBinderTests
{
    public enum Colour
    {
        DarkRed,
        Blue,
    }

    public sealed record Inner
    {
        [Setting("passes over the data", Min = 1, Max = 100)]
        public int Epochs { get; init; } = 7;

        [Setting("step size", Min = 0, Max = 1)]
        public double Rate { get; init; } = 0.1;

        [Setting("shade")]
        public Colour Shade { get; init; }
    }

    public sealed record Outer
    {
        [Setting("a word")]
        public string Name { get; init; } = "none";

        [Setting("a file, if any")]
        public string? File { get; init; }

        [Setting("seed")]
        public long Seed { get; init; } = 1;

        [Setting("switch")]
        public bool Flag { get; init; }

        [Setting("numbers", Min = 0, Max = 1)]
        public IReadOnlyList<double> Steps { get; init; } = [0.5];

        [Setting("kinds", Choices = ["sgd", "adamw"])]
        public IReadOnlyList<string> Kinds { get; init; } = [];

        [Setting("width of a block", Choices = ["1", "2", "16"])]
        public int Block { get; init; } = 16;

        [Setting("upper limit", Min = 0)]
        public double? Limit { get; init; } = 3;

        [Setting("size", Min = 0, Max = 4096)]
        public ImageSize Crop { get; init; }

        [Setting("a section")]
        public Inner Train { get; init; } = new();

        [Setting("a section with the keys of train")]
        public Inner Second { get; init; } = new();

        public int NotASetting { get; init; } = 5;
    }

    private static Outer Bind(string text, params string[] overrides)
    {
        var tree = RecipeTree.Parse("recipe x.yaml", text);
        foreach (var assignment in overrides) tree.Override(SettingOverride.Parse(assignment));
        return new SettingBinder(tree.Where).Bind<Outer>(tree.Root);
    }

    private static string Sentence(string text, params string[] overrides) =>
        Assert.Throws<InputException>(() => Bind(text, overrides)).Message;

    [Fact]
    public void Values_of_every_type_are_bound_and_absent_keys_keep_their_defaults()
    {
        var outer = Bind("""
            # a comment
            name: "12"
            file: chips/a.jpeg
            seed: 9000000000
            flag: true
            steps: [0.25, 1]
            kinds: [sgd, adamw]
            block: 2
            limit: ~
            train: {epochs: 3, rate: 1e-2, shade: dark_red}
            """);
        Assert.Equal(
            ("12", "chips/a.jpeg", 9000000000, true, 2, null), (outer.Name, outer.File, outer.Seed, outer.Flag, outer.Block, outer.Limit));
        Assert.Equal([0.25, 1], outer.Steps);
        Assert.Equal(["sgd", "adamw"], outer.Kinds);
        Assert.Equal(new Inner { Epochs = 3, Rate = 0.01, Shade = Colour.DarkRed }, outer.Train);
        Assert.Equal(new Inner(), outer.Second);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("TRUE", true)]
    [InlineData("False", false)]
    public void A_switch_has_the_spellings_of_YAML(string text, bool expected) => Assert.Equal(expected, Bind($"flag: {text}").Flag);

    [Theory]
    [InlineData("train: {epochs: '3'}", "epochs in train is '3'; expected a whole number from 1 to 100, without quotes")]
    [InlineData("flag: \"true\"", "flag in the recipe is 'true'; expected true or false, without quotes")]
    [InlineData("train: {epochs: 'three'}", "epochs in train is 'three'; expected a whole number from 1 to 100")]
    [InlineData("flag: tRUE", "flag in the recipe is 'tRUE'; expected true or false")]
    public void A_number_in_quotes_is_a_text(string text, string problem) =>
        Assert.Equal($"recipe x.yaml line 1: {problem}", Sentence(text));

    [Fact]
    public void A_path_may_begin_with_the_home_folder()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.Equal(Path.Combine(home, "a b/c.png"), Bind("file: ~/a b/c.png").File);
        Assert.Equal(Path.Combine(home, "c.png"), Bind("seed: 1", "file=~/c.png").File);
        Assert.Equal("a/~/c.png", Bind("file: a/~/c.png").File);
        Assert.Equal("~ada/c.png", Bind("file: ~ada/c.png").File);
    }

    [Theory]
    [InlineData("0", 0, 0, "0")]
    [InlineData("32", 32, 32, "32")]
    [InlineData("128x64", 128, 64, "128x64")]
    [InlineData("'128x64'", 128, 64, "128x64")]
    [InlineData("[128, 64]", 128, 64, "128x64")]
    [InlineData("[8, 8]", 8, 8, "8")]
    public void A_size_is_a_side_or_height_and_width(string text, int height, int width, string written)
    {
        Assert.Equal(new(height, width), Bind($"crop: {text}").Crop);
        Assert.Equal(new(height, width), Bind("seed: 1", $"crop={text}").Crop);
        Assert.Contains($"\ncrop: {written}\n", SettingWriter.WriteText(new Outer { Crop = new(height, width) }));
    }

    [Theory]
    [InlineData("0x5", "'0x5'")]
    [InlineData("12x", "'12x'")]
    [InlineData("axb", "'axb'")]
    [InlineData("-4", "'-4'")]
    [InlineData("-4x4", "'-4x4'")]
    [InlineData("4097", "'4097'")]
    [InlineData("100000x1", "'100000x1'")]
    [InlineData("12x12x12", "'12x12x12'")]
    [InlineData("[12]", "'[12]'")]
    [InlineData("[5000, 3]", "'[5000, 3]'")]
    [InlineData("[0, 5]", "'[0, 5]'")]
    [InlineData("[12x3, 4]", "'[12x3, 4]'")]
    [InlineData("[12, 3, 4]", "'[12, 3, 4]'")]
    [InlineData("[12, [4]]", "'[12, [4]]'")]
    [InlineData("[12, {a: 1}]", "'[12, a section]'")]
    [InlineData("{height: 4}", "a section")]
    public void Another_size_is_refused(string text, string found) => Assert.Equal(
        $"recipe x.yaml line 1: crop in the recipe is {found}; expected 0, or a side or height x width of 1 to 4096, such as 128x64 or "
            + "[128, 64]",
        Sentence($"crop: {text}"));

    [Theory]
    [InlineData("seed: 1\ntrain:\n  epohcs: 3", "recipe x.yaml line 3: unknown key 'epohcs' in train; did you mean 'epochs'?")]
    [InlineData("not_a_setting: 3", "recipe x.yaml line 1: unknown key 'not_a_setting' in the recipe; expected name, ")]
    [InlineData("epochs: 3", "recipe x.yaml line 1: unknown key 'epochs' in the recipe; did you mean 'train.epochs'?")]
    [InlineData("seed: soon", "recipe x.yaml line 1: seed in the recipe is 'soon'; expected a whole number")]
    [InlineData("seed: 1.5", "seed in the recipe is '1.5'")]
    [InlineData("seed: '1'", "seed in the recipe is '1'")]
    [InlineData("seed: 99999999999999999999", "expected a whole number")]
    [InlineData("seed:", "recipe x.yaml line 1: seed in the recipe has no value; expected a whole number")]
    [InlineData("seed: [1]", "seed in the recipe is a list")]
    [InlineData("name: {a: 1}", "name in the recipe is a section; expected text")]
    [InlineData("flag: yes", "flag in the recipe is 'yes'; expected true or false")]
    [InlineData("train: {epochs: 0}", "epochs in train is '0'; expected a whole number from 1 to 100")]
    [InlineData("train: {rate: .nan}", "expected a number from 0 to 1")]
    [InlineData("train: {rate: NaN}", "expected a number from 0 to 1")]
    [InlineData("limit: -1", "expected a number of at least 0")]
    [InlineData("limit: Infinity", "expected a number of at least 0")]
    [InlineData("train: {shade: red}", "shade in train is 'red'; expected dark_red or blue")]
    [InlineData("kinds: [sgdd]", "kinds in the recipe is 'sgdd'; expected sgd or adamw")]
    [InlineData("kinds: sgd", "kinds in the recipe is 'sgd'; expected a list")]
    [InlineData("steps: [0.5, 2]", "steps in the recipe is '2'; expected a number from 0 to 1")]
    [InlineData("block: 4", "block in the recipe is '4'; expected 1, 2 or 16")]
    [InlineData("train: 3", "train in the recipe is '3'; expected a section with keys such as 'epochs'")]
    [InlineData("[1]: 3", "a key in the recipe is a list; expected a word")]
    [InlineData("", "recipe x.yaml is empty")]
    [InlineData("# nothing", "recipe x.yaml is empty")]
    [InlineData("\0\0", "recipe x.yaml line 1: a zero byte is in the text; expected YAML")]
    [InlineData("seed: 1\n\0", "recipe x.yaml line 2: a zero byte is in the text; expected YAML")]
    [InlineData("- a\n- b", "recipe x.yaml line 1: the recipe is a list")]
    [InlineData("seed: 1\nseed: 2", "recipe x.yaml line 2: the key 'seed' is there twice; expected each key of a section once")]
    [InlineData("arms: [student", "line 2: a list that begins with [ does not go on")]
    [InlineData("train: {epochs: 3]", "a section that begins with { does not go on")]
    [InlineData("train:\n\tepochs: 3", "line 2: a tab is used to indent")]
    [InlineData("name: x\ndata:\n\tkind: simulated", "line 3: a tab is used to indent")]
    [InlineData("name: x\ndata:\n  kind: folder\n  \tpath: a", "line 4: a tab is used to indent")]
    [InlineData("name: a\n seed: 1", "a key has two values, or stands deeper")]
    [InlineData("name: a\nseed 1", "a line is not key: value")]
    [InlineData("train:\n  epochs: 3\n batch: 4", "line 3: a line is not key: value, or not indented")]
    [InlineData("name: 'a", "a quote is not closed")]
    [InlineData("name: \"\\q\"", "an unknown escape")]
    [InlineData("name: @a", "quotes around it")]
    [InlineData("{seed: 1}}", "after its last bracket")]
    [InlineData("seed: [1", "expected a list such as [a, b]")]
    [InlineData("a: &x 1\nb: *x", "recipe x.yaml line 1: an anchor is defined")]
    [InlineData("b: *x", "an alias is used")]
    [InlineData("name: !!str 1", "a tag is used")]
    [InlineData("seed: 1\n---\nseed: 2", "a second document begins")]
    public void Illegal_text_is_one_sentence_with_its_line(string text, string expected) =>
        Assert.Contains(expected, Sentence(text), StringComparison.Ordinal);

    [Fact]
    public void Deep_nesting_is_refused_before_it_can_exhaust_the_stack() =>
        Assert.Contains("nested deeper", Sentence("steps: " + new string('[', 100_000)), StringComparison.Ordinal);

    [Fact]
    public void A_huge_unknown_key_gives_a_short_message() => Assert.InRange(Sentence($"{new string('k', 900)}: 1").Length, 1, 300);

    [Fact]
    public void Overrides_replace_and_add_keys_and_are_named_in_errors()
    {
        var outer = Bind(
            "train: {epochs: 3}", "train.epochs=5", "train.rate=0.5", "second.shade=blue", "steps=[0, 1]", "name=''", "file=a=b");
        Assert.Equal(new Inner { Epochs = 5, Rate = 0.5 }, outer.Train);
        Assert.Equal(Colour.Blue, outer.Second.Shade);
        Assert.Equal([0, 1], outer.Steps);
        Assert.Equal("a=b", outer.File);
    }

    [Theory]
    [InlineData("train.epohcs=5", "setting train.epohcs=5: unknown key 'epohcs' in train; did you mean 'epochs'?")]
    [InlineData("train.epochs=five", "setting train.epochs=five: epochs in train is 'five'")]
    [InlineData("seed.x=1", "seed in the recipe is a section")]
    [InlineData("train.epochs", "expected section.key=value")]
    [InlineData("=1", "expected section.key=value")]
    [InlineData("train.=1", "expected section.key=value")]
    [InlineData("seed=[1", "setting seed=[1: ")]
    public void Illegal_overrides_are_one_sentence(string assignment, string expected) =>
        Assert.Contains(expected, Sentence("seed: 1", assignment), StringComparison.Ordinal);

    [Fact]
    public void A_section_inherits_the_keys_that_it_lacks()
    {
        var tree = RecipeTree.Parse("recipe x.yaml", "train: {epochs: 3, rate: 0.5}\nsecond: {epochs: 4}");
        tree.Inherit("second", "train");
        tree.Override(SettingOverride.Parse("train.rate=0.75"));
        var outer = new SettingBinder(tree.Where).Bind<Outer>(tree.Root);
        Assert.Equal(new Inner { Epochs = 4, Rate = 0.5 }, outer.Second);
        Assert.Equal(new Inner { Epochs = 3, Rate = 0.75 }, outer.Train);
    }

    [Fact]
    public void What_is_written_is_read_back_equal()
    {
        var outer = new Outer
        {
            Name = "null",
            File = null,
            Seed = long.MinValue,
            Flag = true,
            Steps = [1.0 / 3, 1e-300],
            Kinds = ["adamw"],
            Limit = null,
            Crop = new(24, 36),
            Train = new Inner { Epochs = 9, Rate = 0.30000000000000004, Shade = Colour.Blue },
        };
        foreach (var name in new[] { "null", "", "~", "a: b", "# x", "two\nlines", " space ", "tab\t", "'quoted\"", "*x", "123", "true" })
        {
            var written = outer with { Name = name };
            var text = SettingWriter.WriteText(written);
            var read = Bind(text);
            Assert.Equal(written with { Steps = [], Kinds = [] }, read with { Steps = [], Kinds = [] });
            Assert.Equal(written.Steps, read.Steps);
            Assert.Equal(written.Kinds, read.Kinds);
        }
    }
}
