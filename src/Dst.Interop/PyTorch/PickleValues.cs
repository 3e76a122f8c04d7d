namespace Dst.Interop.PyTorch;

/// <summary>A dictionary of a pickle, in the order in which it was filled.</summary>
internal sealed class PickleDictionary
{
    /// <summary>Keys and values.</summary>
    public List<(object? Key, object? Value)> Items { get; } = [];
}

/// <summary>A name that Python would import, such as <c>torch._utils _rebuild_tensor_v2</c>. It is never looked up.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A call that Python would make. It is never made.</summary>
internal sealed record PickleCall(object? Callable, object?[] Arguments);

/// <summary>A value that lies outside of the pickle: in PyTorch's files a storage.</summary>
internal sealed record PickleReference(object? Id);
