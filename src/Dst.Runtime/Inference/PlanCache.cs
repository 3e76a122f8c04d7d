using System.Text.Json;
using System.Text.Json.Serialization;
using Dst.Foundations;
using Dst.Kernels;

namespace Dst.Runtime.Inference;

/// <summary>
/// Keeps the measured times of layer forms in a file, so that each is measured once on a machine. Only measurements of this processor with
/// these kernels are used. Processes may share the file: it is replaced as a whole. If two write at once, one's measurements are lost and
/// repeated later. Thread-safe.
/// </summary>
public sealed partial class PlanCache
{
    /// <summary>Largest number of layers that are kept; the oldest are dropped first.</summary>
    public const int MaxLayers = 1024;

    private const int Version = 2;
    private const long MaxBytes = 4 << 20;

    /// <summary>Lets the threads of this process save one after another, so that none loses what another has measured.</summary>
    private static readonly Lock Saving = new();

    /// <summary>Tells builds of the kernels apart.</summary>
    private static readonly string Kernels = typeof(DirectConvolution).Module.ModuleVersionId.ToString();

    private readonly string? _path;
    private readonly Action<string>? _warn;
    private readonly Lock _lock = new();
    private readonly List<MeasuredLayer> _added = [];
    private Dictionary<string, MeasuredLayer>? _known;

    /// <summary>Uses a file, which need not exist. It is read at the first look-up.</summary>
    /// <param name="path">The file.</param>
    /// <param name="warn">Takes a sentence if the file is ignored (of another processor, damaged) or cannot be written.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public PlanCache(string path, Action<string>? warn = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (_path, _warn) = (path, warn);
    }

    private PlanCache(Action<string>? warn) => _warn = warn;

    /// <summary>
    /// The user's cache: <c>dst/plans.json</c> in <c>$XDG_CACHE_HOME</c>, else in <c>~/.cache</c>, or on Windows in the folder of local
    /// application data. Without such a folder nothing is kept.
    /// </summary>
    public static PlanCache OfUser(Action<string>? warn = null) =>
        FolderOfUser() is { } folder ? new(Path.Combine(folder, "dst", "plans.json"), warn) : new(warn);

    /// <summary>The measurements of the layers of a key, if exactly these forms were measured; else null.</summary>
    internal List<LayerForm>? Find(string key, IEnumerable<LayerForm> forms)
    {
        lock (_lock)
        {
            _known ??= Read(_warn).ToDictionary(known => known.Layer);
            return _known.TryGetValue(key, out var found) && NamesOf(found).SetEquals(forms) ? found.Forms : null;
        }
    }

    /// <summary>Remembers the measurements of the layers of a key, in place of earlier ones, until <see cref="Save"/>.</summary>
    internal void Add(string key, IEnumerable<LayerForm> measured)
    {
        lock (_lock)
        {
            _added.RemoveAll(layer => layer.Layer == key);
            _added.Add(new(key, [.. measured]));
        }
    }

    /// <summary>Adds the new measurements to the file.</summary>
    internal void Save()
    {
        lock (_lock)
        {
            if (_path is null || _added.Count == 0) return;
            try
            {
                lock (Saving) Write(_path);
            }
            catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException)
            {
                _warn?.Invoke($"warning: what was measured is not kept: {e.Message}");
            }

            _added.Clear();
        }
    }

    /// <summary>Replaces the file by its layers and those that were added.</summary>
    private void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var added = _added.Select(layer => layer.Layer).ToHashSet();
        var layers = Read(warn: null).Where(layer => !added.Contains(layer.Layer)).Concat(_added).TakeLast(MaxLayers).ToList();
        var content = new Content(Version, Processor.Name, Kernels, layers);
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, content, PlanJson.Default.Content));
    }

    /// <summary>The layers of the file that are of this processor and these kernels, the oldest first.</summary>
    private List<MeasuredLayer> Read(Action<string>? warn)
    {
        if (!File.Exists(_path)) return [];
        try
        {
            var json = InputFile.ReadText(_path, MaxBytes);
            // A file of an older program is ignored without a warning.
            if (JsonSerializer.Deserialize(json, PlanJson.Default.Header) is { Version: > 0 and < Version }) return [];
            var content = JsonSerializer.Deserialize(json, PlanJson.Default.Content);
            if (content is not { Version: Version } || !content.Layers.TrueForAll(IsLegal)
                || content.Layers.DistinctBy(layer => layer.Layer).Count() < content.Layers.Count)
                throw new JsonException($"version {Version} was expected, each layer once and with its measurements");
            if (content.Cpu == Processor.Name) return content.Kernels == Kernels ? content.Layers : [];
            warn?.Invoke(
                $"warning: the plan cache '{_path}' is ignored: it is of the processor '{content.Cpu}' and this one is '{Processor.Name}'");
        }
        catch (Exception e) when (e is JsonException or InputException)
        {
            warn?.Invoke($"warning: the plan cache '{_path}' is ignored, as it cannot be read ({Reason(e)})");
        }

        return [];
    }

    private static string Reason(Exception exception) =>
        exception is JsonException ? JsonProblem.Describe(exception) : Phrases.Shorten(exception.Message, 400);

    // The serialiser checks every property, but not the elements of lists.
    private static bool IsLegal(MeasuredLayer? layer) =>
        layer is { Forms.Count: > 0 } && layer.Forms.TrueForAll(form => form is { Ms: >= 0 and <= double.MaxValue })
        && NamesOf(layer).Count == layer.Forms.Count;

    private static HashSet<LayerForm> NamesOf(MeasuredLayer layer) => [.. layer.Forms.Select(form => form.Untimed)];

    private static string? FolderOfUser()
    {
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } folder && Path.IsPathFullyQualified(folder)) return folder;
        if (OperatingSystem.IsWindows()) return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 0 ? Path.Combine(home, ".cache") : null;
    }

    /// <summary>What the file holds, as JSON.</summary>
    private sealed record Content(int Version, string Cpu, string Kernels, List<MeasuredLayer> Layers);

    /// <summary>The part of the file that tells its version.</summary>
    private sealed record Header(int Version);

    /// <summary>The measured forms of the layers of one key, which names tier, batch, sizes and mask.</summary>
    private sealed record MeasuredLayer(string Layer, List<LayerForm> Forms);

    [JsonSourceGenerationOptions(
        GenerationMode = JsonSourceGenerationMode.Metadata,
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true)]
    [JsonSerializable(typeof(Content))]
    [JsonSerializable(typeof(Header))]
    private sealed partial class PlanJson : JsonSerializerContext;
}
