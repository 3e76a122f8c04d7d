using Dst.Report.Models;
using Dst.Report.Renderers;
using Dst.Runtime.Inference;

namespace Dst.Tests.Report;

public class PlanTableTests
{
    [Theory]
    [InlineData(3, "form0 1.000; form1 1.000; form2 1.000")]
    [InlineData(5, "form0 1.000; form1 1.000; form2 1.000 and 2 more")]
    public void The_reason_comes_before_three_alternatives(int count, string expected)
    {
        LayerForm[] others = [.. Enumerable.Range(0, count).Select(i => new LayerForm($"form{i}", UsesMask: false, Ms: 1))];
        var table = PlanTable.Of([new("conv1", new("direct", UsesMask: true, Ms: 0.5), others, "fastest of all")]);
        Assert.Equal(["layer", "form", "ms", "reason", "alternatives"], table.Columns.Select(column => column.Name));
        Assert.Contains($"fastest of all  {expected}\n", TextRenderer.Render(new(table, table)));
    }
}
