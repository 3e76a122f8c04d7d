using Dst.Kernels.Simd;

namespace Dst.Kernels;

internal sealed unsafe partial class Int8DirectConvolution
{
    /// <summary>What sixteen filters read. Positions of the kernel that keep the same channels share planes of moved channels.</summary>
    private sealed record FilterBlock
    {
        private readonly Int8Planes _planes;
        private readonly int _perElement;
        private readonly List<int> _taps = []; // in the order of the weights, whole elements

        public FilterBlock(Int8Planes planes, int perElement, int[] taps, long firstWeight)
        {
            (_planes, _perElement, FirstWeight) = (planes, perElement, firstWeight);
            PlanesLength = checked(planes.Planes * planes.PlanePitch);
            var (sets, segments) = (new List<(int[] Places, PlacedChannels Set)>(), new List<Segment>());
            foreach (var (position, places) in PlacesOf(planes, taps).Index())
            {
                var (_, set) = sets.Find(other => other.Places.AsSpan().SequenceEqual(places));
                if (set == null) sets.Add((places, set = Place(new(places, perElement))));
                var offset = set.First + planes.OffsetOf(position);
                foreach (var group in set.Channels.Groups)
                {
                    Add(segments, new(offset, group.Elements));
                    offset += planes.GroupPitch;
                }

                _taps.AddRange(set.Channels.Order.Select(place =>
                    place == KeptChannels.None ? place : planes.TapOf(position, place)));
            }

            (Moved, Segments) = ([.. sets.Select(set => set.Set).Where(set => !set.Channels.AreInPlace)], [.. segments]);
        }

        /// <summary>Where its weights begin.</summary>
        public long FirstWeight { get; init; }

        /// <summary>The channels that do not lie side by side in the planes of the map.</summary>
        public PlacedChannels[] Moved { get; }

        /// <summary>Elements of the planes of the map and of moved channels.</summary>
        public int PlanesLength { get; private set; }

        public Segment[] Segments { get; }

        /// <summary>Bytes of its weights.</summary>
        public int WeightBytes => _taps.Count * Layout.Block;

        /// <summary>Moves its channels side by side, behind the planes of the map.</summary>
        public void Move<T>(int* planes) where T : unmanaged, ISumLanes<T>
        {
            foreach (var (channels, first) in Moved)
                channels.Move<T>(planes, _planes.PlanePitch, _planes.Pixels, planes + first);
        }

        /// <summary>Adds elements. They go on with the last ones where they lie behind them.</summary>
        private static void Add(List<Segment> segments, Segment next)
        {
            if (segments.Count > 0 && segments[^1] is var last && last.Offset + last.Count == next.Offset)
                segments[^1] = last with { Count = last.Count + next.Count };
            else segments.Add(next);
        }

        /// <summary>Finds room for some channels.</summary>
        private PlacedChannels Place(KeptChannels channels)
        {
            if (channels.AreInPlace) return new(channels, 0);
            var first = PlanesLength;
            PlanesLength = checked(PlanesLength + channels.Groups.Length * _planes.PlanePitch);
            return new(channels, first);
        }

        /// <summary>Packs the weights of block <paramref name="b"/> as [position][element][filter][channels of an element].</summary>
        public void PackWeights(Conv2dShape shape, int b, sbyte[] weights, Span<sbyte> packed)
        {
            var filters = Layout.UsedLanes(shape.Filters, b);
            for (var i = 0; i < _taps.Count; i++)
            {
                if (_taps[i] == KeptChannels.None) continue;
                var to = (int)FirstWeight + i / _perElement * _perElement * Layout.Block + i % _perElement;
                for (var f = 0; f < filters; f++)
                    packed[to + _perElement * f] = weights[(b * Layout.Block + f) * shape.RowLength + _taps[i]];
            }
        }

        /// <summary>The places that each position of the kernel reads, ascending.</summary>
        private static int[][] PlacesOf(Int8Planes planes, int[] taps)
        {
            var places = taps.Select(planes.PlaceOf).ToLookup(tap => tap.Position, tap => tap.Place);
            return [.. Enumerable.Range(0, planes.Positions).Select(position => places[position].Order().ToArray())];
        }
    }

    /// <summary>Channels that some positions of the kernel keep.</summary>
    /// <param name="Channels">The channels.</param>
    /// <param name="First">Where they lie in scratch memory: 0 if in the planes of the map.</param>
    private sealed record PlacedChannels(KeptChannels Channels, int First);
}
