using System.Net;
using Dst.Cli;
using Microsoft.Playwright;

namespace Dst.Interop.Tests.Report;

/// <summary>Reports as a browser shows them.</summary>
public sealed class ReportPageTests(Browser browser, ReportRuns runs) : IClassFixture<Browser>, IClassFixture<ReportRuns>
{
    // Each gives what is wrong, as a list of texts.
    private const string ChartsWithoutMarks = """
        () => [...document.querySelectorAll("figure.chart")].filter(chart => ![...chart.querySelectorAll(".mark")].some(mark => {
            const box = mark.getBoundingClientRect(); return box.width + box.height > 0.5; })).map(chart => chart.innerText.slice(0, 60))
        """;

    private const string BrokenImages = """
        () => [...document.images].filter(image => !image.src.startsWith("data:image/png") || image.naturalWidth === 0)
            .map(image => image.alt)
        """;

    private const string TextsOutsideTheirChart = """
        () => [...document.querySelectorAll("svg")].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("text")].filter(text => {
                const box = text.getBoundingClientRect();
                return box.left < frame.left - 2 || box.right > frame.right + 2
                    || box.top < frame.top - 2 || box.bottom > frame.bottom + 2; }).map(text => text.textContent); })
        """;

    private const string WidthTooMuch = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth";

    private const string BrightnessOfPage = """
        () => Math.max(...getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number))
        """;

    [Theory]
    [InlineData("report.html", 1280, ColorScheme.Light)]
    [InlineData("report.html", 400, ColorScheme.Dark)]
    [InlineData("seed-1/report.html", 1280, ColorScheme.Dark)]
    [InlineData("seed-1/report.html", 400, ColorScheme.Light)]
    public async Task A_report_is_whole_on_wide_and_narrow_pages_light_and_dark(string file, int width, ColorScheme colours)
    {
        var address = new Uri(Path.Combine(runs.Set, file)).AbsoluteUri;
        await using var open = await browser.Open(address, width, colours);
        Assert.Equal(0, await open.Ask<int>(WidthTooMuch));
        await open.Ask<object?>("() => document.querySelectorAll('details').forEach(part => { part.open = true; })");
        Assert.Equal(0, await open.Ask<int>(WidthTooMuch));
        Assert.Empty(await open.Ask<string[]>(ChartsWithoutMarks));
        Assert.Empty(await open.Ask<string[]>(TextsOutsideTheirChart));
        Assert.Empty(await open.Ask<string[]>(BrokenImages));
        Assert.Equal(colours == ColorScheme.Dark, await open.Ask<int>(BrightnessOfPage) < 100);
        Assert.Equal(0, await open.Ask<int>("() => document.querySelectorAll('script, [onerror], link, iframe').length"));
        Assert.True(await open.Ask<int>("() => document.querySelectorAll('img.thumb').length") > 0);
        var text = await open.Page.InnerTextAsync("section.confusion");
        Assert.All(ReportRuns.Classes, name => Assert.Contains(name, text)); // as text, not as elements
        Assert.Contains(runs.Recipe, await open.Page.InnerTextAsync("section.origin"));
        Assert.Empty(open.Messages);
        Assert.Equal([address], open.Requests.Where(request => !request.StartsWith("data:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_dashboard_follows_the_run_and_says_how_it_ended()
    {
        using var cancellation = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new AddressWriter();
        var training = Task.Factory.StartNew(
            () => CommandLine.Run(
                [.. runs.Arguments, "--dashboard", "--set", "arms=[teacher]", "--set", "teacher.train.epochs=5000"], output, error,
                cancellation.Token),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.Same(error.Address, await Task.WhenAny(error.Address, training));
        var address = await error.Address;
        await using var open = await browser.Open(address, 1280, ColorScheme.Light);
        await open.Page.WaitForSelectorAsync("section.now progress");
        await open.Page.WaitForSelectorAsync("section.curves .mark");
        var epoch = await open.Page.InnerTextAsync("section.now .lead");
        await open.Page.WaitForFunctionAsync("before => document.querySelector('section.now .lead').innerText !== before", epoch);
        Assert.Empty(await open.Ask<string[]>(ChartsWithoutMarks));
        Assert.Empty(open.Messages);
        Assert.All(open.Requests, request => Assert.StartsWith(address, request));
        await AnswersOthers(address);

        await cancellation.CancelAsync();
        Assert.Equal(CommandLine.Cancelled, await training);
        await open.Page.WaitForFunctionAsync(
            "() => document.querySelector('.now h2').innerText.startsWith('The run has stopped. Its folder is /')");
        Assert.Empty(await open.Ask<string[]>(ChartsWithoutMarks)); // the page stays
    }

    /// <summary>What is no request of the page is refused.</summary>
    private static async Task AnswersOthers(string address)
    {
        using var client = new HttpClient();
        // On the connection of a request for another host HttpListener may answer the next one itself.
        using var foreign = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Host = "example.com", ConnectionClose = true } };
        using var refused = await client.SendAsync(foreign);
        Assert.False(refused.IsSuccessStatusCode);
        using var posted = await client.PostAsync(address, null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
        using var other = await client.GetAsync($"{address}recipe.yaml");
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        using var script = await client.GetAsync($"{address}live.js");
        Assert.Equal("nosniff", script.Headers.GetValues("X-Content-Type-Options").Single());
    }

    /// <summary>Waits for the line that names the address.</summary>
    private sealed class AddressWriter : StringWriter
    {
        private const string Label = "dashboard: ";

        private readonly TaskCompletionSource<string> _address = new();

        public Task<string> Address => _address.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.StartsWith(Label, StringComparison.Ordinal) == true) _address.TrySetResult(value[Label.Length..]);
        }
    }
}
