using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Engine;
using Dst.Training.Objectives.Terms;

namespace Dst.Training.Objectives;

/// <summary>The terms that the options of a phase ask for.</summary>
internal static class LossTerms
{
    /// <summary>The terms in the order in which they are added: labels, logits, layers.</summary>
    /// <param name="phase">Teachers and options.</param>
    /// <param name="seed">Seed of the projections of hints.</param>
    /// <param name="classWeights">Weight of each class in the labels' loss, or null for 1 each.</param>
    /// <exception cref="InputException">A layer is unknown, or the two of a pair have maps of different sizes.</exception>
    public static IReadOnlyList<ILossTerm> Of(TrainingPhase phase, long seed, float[]? classWeights = null)
    {
        var options = phase.Distillation;
        var labels = new LabelTerm(
            phase.Teacher is null ? 1 : (float)options.LabelWeight, (float)phase.Options.LabelSmoothing, classWeights ?? []);
        return [labels, .. OnLogits(phase), .. OnLayers(phase, seed)];
    }

    /// <summary>The layers of the student whose outputs are compared.</summary>
    /// <exception cref="InputException">As for <see cref="Of"/>.</exception>
    public static IReadOnlyList<string> LayersOfStudent(TrainingPhase phase) =>
        [.. OnLayers(phase, seed: 0).Select(term => term.Layers!.Student).Distinct()];

    /// <summary>Checks the layers that the options name against both graphs.</summary>
    /// <exception cref="InputException">A layer is unknown, or the two of a pair have maps of different sizes.</exception>
    public static void CheckLayers(DistillationOptions options, CheckedGraph teacher, CheckedGraph student)
    {
        foreach (var (name, term) in new[] { ("attention", options.Attention), ("hints", options.Hints) })
        {
            if (term.Weight > 0 && term.Layers.Count == 0)
                throw new InputException(
                    $"distill.{name}.weight is {term.Weight} but distill.{name}.layers is empty; expected at least one pair of layers");
            foreach (var pair in term.Layers)
            {
                CheckName(name, "teacher", pair.Teacher, teacher);
                CheckName(name, "student", pair.Student, student);
                var (a, b) = (teacher.Shapes[pair.Teacher], student.Shapes[pair.Student]);
                if ((a.Height, a.Width) == (b.Height, b.Width)) continue;
                throw new InputException(
                    $"distill.{name}.layers joins the teacher's '{pair.Teacher}', {a}, and the student's '{pair.Student}', {b}; "
                    + "expected maps of the same height and width");
            }
        }
    }

    private static void CheckName(string term, string side, string layer, CheckedGraph graph)
    {
        var names = graph.Nodes.SkipLast(1).Select(node => node.Name).ToList();
        if (names.Contains(layer)) return;
        throw new InputException(
            $"distill.{term}.layers has the {side} layer '{layer}', which is not a layer of {graph.Name} before its output; did you mean "
            + $"'{NearestName.Of(layer, names)}'?");
    }

    private static IEnumerable<ILossTerm> OnLogits(TrainingPhase phase)
    {
        var options = phase.Distillation;
        var temperature = (float)options.Temperature;
        if (phase.Teacher is not null)
        {
            if (options.Alpha > 0) yield return new SoftTargetTerm(LossSource.Teacher, (float)options.Alpha, temperature);
            if (options.Dkd.Target > 0 || options.Dkd.NonTarget > 0) yield return new DecoupledTerm(options.Dkd, temperature);
        }

        if (phase.DenseStudent is not null && options.Beta > 0)
            yield return new SoftTargetTerm(LossSource.DenseStudent, (float)options.Beta, temperature);
    }

    private static IEnumerable<ILossTerm> OnLayers(TrainingPhase phase, long seed)
    {
        if (phase.Teacher is null) return [];
        var (attention, hints) = (phase.Distillation.Attention, phase.Distillation.Hints);
        CheckLayers(phase.Distillation, phase.Teacher.Graph, phase.Start.Graph);
        var (teacherShapes, shapes) = (phase.Teacher.Graph.Shapes, phase.Start.Graph.Shapes);
        LayerPair[] attended = attention.Weight > 0 ? [.. attention.Layers] : [], hinted = hints.Weight > 0 ? [.. hints.Layers] : [];
        return
        [
            .. attended.Select(pair => new AttentionTerm(pair, (float)attention.Weight)),
            .. hinted.Select((pair, i) => new HintTerm(pair, (float)hints.Weight, HintTerm.CreateProjection(
                attended.Length + i, teacherShapes[pair.Teacher].Channels, shapes[pair.Student].Channels, seed))),
        ];
    }
}
