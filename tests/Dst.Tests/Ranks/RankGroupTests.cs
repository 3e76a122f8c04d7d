using Dst.Training.Autodiff;
using Dst.Training.Ranks;

namespace Dst.Tests.Ranks;

public class RankGroupTests
{
    public static TheoryData<int> Counts => [1, 2, 4, 8];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Sums_go_up_one_tree_whatever_the_number_of_ranks(int count)
    {
        foreach (var length in new[] { 1, 7, 4096, 9001 })
        {
            var parts = Enumerable.Range(0, 8).Select(part => Numbers(length, part)).ToArray();
            var expected = new float[length];
            for (var i = 0; i < length; i++)
                expected[i] = parts[0][i] + parts[1][i] + (parts[2][i] + parts[3][i])
                    + (parts[4][i] + parts[5][i] + (parts[6][i] + parts[7][i]));
            var sums = LocalRanks.Run(count, ranks =>
            {
                var own = SumOfTree(parts[ranks.FirstPart..ranks.EndPart]);
                ranks.Sum(own.AsSpan());
                return own;
            });
            foreach (var sum in sums) Assert.Equal(expected, sum);
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Part_sums_are_those_of_one_rank(int count)
    {
        static double[] Combine(RankGroup ranks)
        {
            var sums = new PartSums(ranks, 5);
            for (var part = ranks.FirstPart; part < ranks.EndPart; part++)
            {
                sums.Clear(part);
                for (var i = 0; i < 5; i++) sums.Of(part)[i] = Math.Pow(-1.1, part * 5 + i);
            }

            return sums.Combine().ToArray();
        }

        foreach (var sums in LocalRanks.Run(count, Combine)) Assert.Equal(Combine(RankGroup.Single), sums);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Rows_texts_and_votes_reach_every_rank(int count)
    {
        foreach (var images in new[] { 1, 3, 8, 13 })
        {
            var all = Numbers(images * 3, 1);
            var gathered = LocalRanks.Run(count, ranks =>
            {
                var own = ranks.ImagesOf(images);
                var rows = new float[all.Length];
                all.AsSpan(own.First * 3, own.Count * 3).CopyTo(rows.AsSpan(own.First * 3));
                ranks.GatherRows(rows, images);
                return rows;
            });
            foreach (var rows in gathered) Assert.Equal(all, rows);
        }

        Assert.All(LocalRanks.Run(count, ranks => ranks.Broadcast($"from {ranks.Rank}")), text => Assert.Equal("from 0", text));
        var texts = Enumerable.Range(0, count).Select(rank => new string('x', rank)).ToArray();
        Assert.All(LocalRanks.Run(count, ranks => ranks.GatherTexts(texts[ranks.Rank])), all => Assert.Equal(texts, all));
        Assert.All(LocalRanks.Run(count, ranks => ranks.Any(ranks.Rank == count - 1)), Assert.True);
        Assert.All(LocalRanks.Run(count, ranks => ranks.Any(false)), Assert.False);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void A_long_sum_sends_two_times_the_share_of_the_others(int count)
    {
        const int length = 8 * 1024;
        var sent = LocalRanks.Run(count, ranks =>
        {
            ranks.Sum(new float[length].AsSpan());
            return ranks.Traffic.Bytes;
        });
        Assert.All(sent, bytes => Assert.Equal(2L * (count - 1) * sizeof(float) * length / count, bytes));
    }

    [Fact]
    public void Parts_are_shared_equally_or_not_at_all()
    {
        foreach (var count in new[] { 3, 5, 16 })
        {
            var error = Assert.Throws<AggregateException>(() => LocalRanks.Run(count, ranks => ranks.Rank));
            Assert.Equal(
                $"{count} ranks were started; 1, 2, 4 or 8 were expected, as a batch has 8 parts (key parts)",
                error.InnerException!.Message);
        }
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(100, true)]
    public void A_rank_loses_patience_by_questions_without_an_answer_and_not_while_it_is_suspended(int questions, bool isRefused)
    {
        var ranks = new RankGroup(new SlowLink(questions), 8) { Patience = TimeSpan.FromSeconds(1.5) };
        var failure = Record.Exception(() => ranks.Sum<float>(new float[1]));
        Assert.Equal(isRefused, failure is InputException);
        if (isRefused) Assert.StartsWith("rank 1 has sent nothing for 2 s; it may hang", failure!.Message);
    }

    private static float[] Numbers(int length, int seed)
    {
        var numbers = new float[length];
        var random = new Random(seed);
        for (var i = 0; i < length; i++) numbers[i] = (random.NextSingle() - 0.5f) * (1 << random.Next(20));
        return numbers;
    }

    private static float[] SumOfTree(float[][] parts) => parts.Length == 1
        ? [.. parts[0]]
        : [.. SumOfTree(parts[..(parts.Length / 2)]).Zip(SumOfTree(parts[(parts.Length / 2)..]), (a, b) => a + b)];

    /// <summary>A link on which each question takes two seconds, and some of them are answered by no.</summary>
    private sealed unsafe class SlowLink(int questions) : IRankLink, IRankExchange
    {
        private int _left = questions;

        public int Rank => 0;

        public int Count => 2;

        public IRankExchange Begin(int partner, int channel, byte* send, int sendLength, byte* receive, int receiveLength) => this;

        public bool HasEnded()
        {
            Thread.Sleep(2000);
            return _left-- == 0;
        }
    }
}
