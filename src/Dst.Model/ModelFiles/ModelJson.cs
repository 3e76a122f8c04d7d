using System.Text.Json.Serialization;
using Dst.Graph;

namespace Dst.ModelFiles;

/// <summary>The JSON of a model file's metadata, generated at build time: reflection would slow the start of a prediction.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters = [typeof(WordConverter<AmplitudeTransform>), typeof(WordConverter<PoolInference>), typeof(WordConverter<ResizeFit>)],
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    IgnoreReadOnlyProperties = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowOutOfOrderMetadataProperties = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(NetworkGraph))]
[JsonSerializable(typeof(InputNormalisation))]
[JsonSerializable(typeof(DataSplits))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ModelJson : JsonSerializerContext;
