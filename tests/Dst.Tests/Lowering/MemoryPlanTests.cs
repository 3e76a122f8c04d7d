using Dst.Runtime.Lowering;

namespace Dst.Tests.Lowering;

public class MemoryPlanTests
{
    [Fact]
    public void A_value_takes_the_first_gap_that_is_long_enough()
    {
        var lengths = new Dictionary<string, long> { ["input"] = 4, ["a"] = 2, ["b"] = 3, ["c"] = 4, ["d"] = 5 };
        var plan = Plan(lengths, "d", new(["input"], "a"), new(["a"], "b"), new(["a", "b"], "c"), new(["b", "c"], "d"));
        Assert.Equal((0, 4, 0, 6, 10), (plan["input"], plan["a"], plan["b"], plan["c"], plan["d"]));
        Assert.Equal(15, plan.Length);
    }

    [Fact]
    public void A_step_writes_in_the_place_of_an_equal_value_that_nothing_reads_later()
    {
        var lengths = new Dictionary<string, long> { ["input"] = 4, ["a"] = 4, ["b"] = 4, ["c"] = 3 };
        var plan = Plan(lengths, "c", new(["input"], "a", "input"), new(["a", "input"], "b", "input", "a"), new(["a", "b"], "c", "b"));
        Assert.Equal((0, 4, 0, 8), (plan["input"], plan["a"], plan["b"], plan["c"]));
    }

    [Fact]
    public void Values_that_lie_elsewhere_take_no_place()
    {
        var lengths = new Dictionary<string, long> { ["input"] = 0, ["a"] = 4, ["b"] = 0 };
        Assert.Equal(4, Plan(lengths, "b", new(["input"], "a"), new(["input", "a"], "b")).Length);
    }

    [Fact]
    public void Random_plans_never_lay_two_living_values_over_each_other()
    {
        var random = new Random(1);
        var names = Enumerable.Range(0, 300).Select(i => i == 0 ? "input" : $"v{i}").ToArray();
        var lengths = names.ToDictionary(name => name, _ => (long)random.Next(1, 9));
        string NameBefore(int i) => names[random.Next(Math.Max(0, i - 20), i)];
        PlannedStep Step(int i) => new([NameBefore(i), NameBefore(i), NameBefore(i)], names[i]);
        var steps = Enumerable.Range(1, names.Length - 1).Select(Step).ToArray();
        var plan = Plan(lengths, names[^1], steps);
        for (var i = 0; i < steps.Length; i++)
        {
            var written = names[i + 1];
            foreach (var other in names[..(i + 1)].Where(name => steps.Skip(i).Any(step => step.Reads.Contains(name))))
            {
                var isApart = plan[other] + lengths[other] <= plan[written] || plan[written] + lengths[written] <= plan[other];
                Assert.True(isApart, $"{written} lies over {other}");
            }
        }
    }

    [Fact]
    public void Random_plans_are_those_of_first_fit_as_it_is_defined()
    {
        var random = new Random(2);
        for (var repeat = 0; repeat < 20; repeat++)
        {
            var names = Enumerable.Range(0, 200).Select(i => i == 0 ? "input" : $"v{i}").ToArray();
            var lengths = names.ToDictionary(name => name, _ => (long)random.Next(0, 6));
            string NameBefore(int i) => names[random.Next(Math.Max(0, i - 30), i)];
            PlannedStep Step(int i)
            {
                string[] reads = [NameBefore(i), NameBefore(i)];
                return new(reads, names[i], random.Next(2) == 0 ? reads : []);
            }

            var steps = Enumerable.Range(1, names.Length - 1).Select(Step).ToArray();
            var (plan, expected) = (Plan(lengths, names[^1], steps), FirstFit(lengths, names[^1], steps));
            Assert.All(names, name => Assert.Equal((name, expected[name]), (name, plan[name])));
        }
    }

    /// <summary>First fit by a search of all living values.</summary>
    private static Dictionary<string, long> FirstFit(Dictionary<string, long> lengths, string output, PlannedStep[] steps)
    {
        var places = new Dictionary<string, long>();
        int LastRead(string value) =>
            value == output ? steps.Length : Array.FindLastIndex(steps, step => step.Reads.Contains(value));
        Place("input", -1);
        for (var i = 0; i < steps.Length; i++)
        {
            var written = steps[i].Output;
            var dying = steps[i].Replaceable.FirstOrDefault(value => LastRead(value) == i && lengths[value] == lengths[written]);
            if (dying is null) Place(written, i);
            else places[written] = places[dying];
        }

        return places;

        void Place(string value, int step)
        {
            var start = 0L;
            foreach (var other in places.Keys.Where(other => LastRead(other) >= step).OrderBy(other => places[other]))
            {
                if (start + lengths[value] <= places[other]) break;
                start = Math.Max(start, places[other] + lengths[other]);
            }

            places[value] = lengths[value] == 0 ? 0 : start;
        }
    }

    private static MemoryPlan Plan(Dictionary<string, long> lengths, string output, params PlannedStep[] steps) =>
        new(steps, value => lengths[value], output);
}
