using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Objectives.Terms;

namespace Dst.Training.Objectives;

/// <summary>The terms that a lesson asks for.</summary>
internal static class LossTerms
{
    /// <summary>The terms in the order in which they are added: labels, logits, pairs of layers, ends of blocks.</summary>
    /// <param name="lesson">Teachers and options.</param>
    /// <param name="seed">Seed of the projections of hints.</param>
    /// <exception cref="InputException">
    /// A weight is not legal, a layer is unknown, or the two of a pair have maps of different sizes.
    /// </exception>
    public static IReadOnlyList<ILossTerm> Of(Lesson lesson, long seed)
    {
        if (lesson.Reconstructs) return [new ImageTerm()];
        var isTaught = lesson.Teacher is not null || lesson.Dense is not null;
        if (isTaught) lesson.Distillation.Check();
        var weight = isTaught ? (float)lesson.Distillation.LabelWeight : 1;
        var labels = new LabelTerm(weight, (float)lesson.LabelSmoothing, lesson.ClassWeights ?? []);
        return [labels, .. OnLogits(lesson), .. OnLayers(lesson, seed), .. OnBlocks(lesson)];
    }

    /// <summary>The layers of the student whose outputs are compared.</summary>
    /// <exception cref="InputException">As for <see cref="Of"/>.</exception>
    public static IReadOnlyList<string> LayersOfStudent(Lesson lesson) =>
        [.. OnLayers(lesson, seed: 0).Concat(OnBlocks(lesson)).Select(term => term.Layers!.Student).Distinct()];

    /// <summary>Checks the layers that the options name against both graphs.</summary>
    /// <exception cref="InputException">A layer is unknown, or the two of a pair have maps of different sizes.</exception>
    public static void CheckLayers(DistillationOptions options, CheckedGraph teacher, CheckedGraph student)
    {
        foreach (var (section, term) in options.LayerTerms)
        {
            var key = $"{options.Section}.{section}";
            if (term.Weight > 0 && term.Layers.Count == 0)
                throw new InputException(
                    Invariant($"{key}.weight is {term.Weight} but {key}.layers is empty; expected at least one pair of layers"));
            foreach (var pair in term.Layers)
            {
                CheckName(key, "teacher", pair.Teacher, teacher);
                CheckName(key, "student", pair.Student, student);
                var (a, b) = (teacher.Shapes[pair.Teacher], student.Shapes[pair.Student]);
                if ((a.Height, a.Width) == (b.Height, b.Width)) continue;
                throw new InputException(
                    $"{key}.layers joins the teacher's '{pair.Teacher}', {a}, and the student's '{pair.Student}', {b}; "
                    + "expected maps of the same height and width");
            }
        }
    }

    /// <summary>Checks that a network has blocks whose ends can be compared, if the options compare them.</summary>
    /// <exception cref="InputException">It has none.</exception>
    public static void CheckBlocks(DistillationOptions options, CheckedGraph graph)
    {
        if (options.FeatureWeight > 0 && BlockEnds.Of(graph).Count == 0)
            throw new InputException(
                Invariant($"{options.Section}.features is {options.FeatureWeight}, but {graph.Name} has no block before its output; ")
                + "expected 0");
    }

    private static void CheckName(string key, string side, string layer, CheckedGraph graph)
    {
        var names = graph.Nodes.SkipLast(1).Select(node => node.Name).ToList();
        if (names.Contains(layer)) return;
        throw new InputException(
            $"{key}.layers has the {side} layer '{layer}', which is not a layer of {graph.Name} before its output; "
            + NearestName.Advise(layer, names));
    }

    private static IEnumerable<ILossTerm> OnLogits(Lesson lesson)
    {
        var options = lesson.Distillation;
        var (dkd, dist, temperature) = (options.Dkd, options.Dist, (float)options.Temperature);
        Model?[] asked = [options.LearnsFromTeacher ? lesson.Teacher : null, options.LearnsFromDense ? lesson.Dense : null];
        var teachers = asked.OfType<Model>().ToList();
        var share = 1.0 / teachers.Count;
        foreach (var teacher in teachers)
        {
            if (options.Alpha > 0) yield return new SoftTargetTerm(teacher, (float)(share * options.Alpha), temperature);
            if (dkd.Target > 0 || dkd.NonTarget > 0) yield return new DecoupledTerm(teacher, dkd, share, temperature);
            if (dist.InterClass > 0 || dist.IntraClass > 0)
                yield return new DistTerm(teacher, (float)(share * dist.InterClass), (float)(share * dist.IntraClass), temperature);
        }
    }

    private static IEnumerable<ILossTerm> OnLayers(Lesson lesson, long seed)
    {
        if ((lesson.Teacher ?? lesson.Dense) is not { } teacher) return [];
        var (attention, hints) = (lesson.Distillation.Attention, lesson.Distillation.Hints);
        CheckLayers(lesson.Distillation, teacher.Graph, lesson.Student);
        var (teacherShapes, shapes) = (teacher.Graph.Shapes, lesson.Student.Shapes);
        LayerPair[] attended = attention.Weight > 0 ? [.. attention.Layers] : [], hinted = hints.Weight > 0 ? [.. hints.Layers] : [];
        return
        [
            .. attended.Select(pair => new AttentionTerm(teacher, pair, (float)attention.Weight)),
            .. hinted.Select((pair, i) => new HintTerm(teacher, pair, (float)hints.Weight, HintTerm.CreateProjection(
                attended.Length + i, teacherShapes[pair.Teacher].Channels, shapes[pair.Student].Channels, seed))),
        ];
    }

    private static IEnumerable<ILossTerm> OnBlocks(Lesson lesson)
    {
        if (lesson.Dense is not { } dense || lesson.Distillation.FeatureWeight == 0) return [];
        var ends = BlockEnds.Of(lesson.Student);
        var weight = (float)(lesson.Distillation.FeatureWeight / ends.Count);

        // Both have as many blocks, also where the student's normalisations are folded.
        return ends.Zip(BlockEnds.Of(dense.Graph), (student, teacher) =>
            new ReconstructionTerm(dense, new() { Teacher = teacher, Student = student }, weight));
    }
}
