using System.Reflection;

namespace Dst.Reference;

/// <summary>Names of types and members as C# writes them.</summary>
public static class Names
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(char)] = "char",
    };

    /// <summary>A type with its outer types and its arguments.</summary>
    public static string Of(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword)) return keyword;
        if (type.IsByRef) return Of(type.GetElementType()!);
        if (type.IsPointer) return $"{Of(type.GetElementType()!)}*";
        if (type.IsArray) return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (Nullable.GetUnderlyingType(type) is { } value) return $"{Of(value)}?";
        if (type.IsGenericParameter) return type.Name;
        var name = type.IsGenericType ? $"{Simple(type)}<{string.Join(", ", type.GetGenericArguments().Select(Of))}>" : type.Name;
        return type.DeclaringType is { } outer ? $"{Of(outer)}.{name}" : name;
    }

    /// <summary>The name alone.</summary>
    public static string Simple(Type type) => type.Name.Split('`')[0];

    /// <summary>What a type is.</summary>
    public static string KindOf(Type type) =>
        type.IsEnum ? "enum" : type.IsInterface ? "interface"
        : type.IsSubclassOf(typeof(Delegate)) ? "delegate"
        : (type.GetMethod("<Clone>$") is not null ? "record" : type.IsAbstract && type.IsSealed ? "static class" : "")
            is { Length: > 0 } kind ? kind
        : type.IsValueType ? "struct" : "class";

    /// <summary>A member with types and names of its parameters.</summary>
    public static string Of(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"new {Of(constructor.DeclaringType!)}({ListOf(constructor.GetParameters())})",
        MethodInfo method => $"{Of(method.ReturnType)} {method.Name}{ArgumentsOf(method)}({ListOf(method.GetParameters())})",
        PropertyInfo property => $"{Of(property.PropertyType)} {property.Name}",
        FieldInfo { IsLiteral: true, DeclaringType.IsEnum: true } => member.Name,
        FieldInfo field => $"{Of(field.FieldType)} {field.Name}",
        _ => member.Name,
    };

    private static string ArgumentsOf(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(type => type.Name))}>" : "";

    private static string ListOf(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(Of));

    private static string Of(ParameterInfo parameter) =>
        $"{(parameter.IsOut ? "out " : "")}{Of(parameter.ParameterType)} {parameter.Name}{(parameter.IsOptional ? " = …" : "")}";
}
