using System.Reflection;

namespace Dst.Reference;

/// <summary>
/// Names of types and members as XML documentation has them, such as <c>M:Dst.Images.Image.Read(System.String)</c>.
/// </summary>
internal static class DocIds
{
    /// <summary>The name of a type or member.</summary>
    public static string Of(MemberInfo member) => member switch
    {
        Type type => $"T:{NameOf(type)}",
        ConstructorInfo constructor => $"M:{NameOf(member.DeclaringType!)}.#ctor{ParametersOf(constructor)}",
        MethodInfo method => $"M:{NameOf(member.DeclaringType!)}.{method.Name}{ArityOf(method)}{ParametersOf(method)}{ResultOf(method)}",
        PropertyInfo property => $"P:{NameOf(member.DeclaringType!)}.{property.Name}{ListOf(property.GetIndexParameters())}",
        EventInfo => $"E:{NameOf(member.DeclaringType!)}.{member.Name}",
        _ => $"F:{NameOf(member.DeclaringType!)}.{member.Name}",
    };

    private static string NameOf(Type type) => type.FullName!.Replace('+', '.');

    private static string ArityOf(MethodInfo method) => method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";

    private static string ResultOf(MethodInfo method) =>
        method.Name is "op_Implicit" or "op_Explicit" ? $"~{ArgumentOf(method.ReturnType)}" : "";

    private static string ParametersOf(MethodBase method) => ListOf(method.GetParameters());

    private static string ListOf(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : $"({string.Join(',', parameters.Select(parameter => ArgumentOf(parameter.ParameterType)))})";

    private static string ArgumentOf(Type type)
    {
        if (type.IsByRef) return $"{ArgumentOf(type.GetElementType()!)}@";
        if (type.IsPointer) return $"{ArgumentOf(type.GetElementType()!)}*";
        if (type.IsArray) return $"{ArgumentOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1).Replace(",", "0:,0:")}]";
        if (type.IsGenericParameter) return $"{(type.DeclaringMethod is null ? "`" : "``")}{type.GenericParameterPosition}";
        if (!type.IsGenericType) return NameOf(type);
        var name = NameOf(type.GetGenericTypeDefinition());
        return $"{name[..name.IndexOf('`')]}{{{string.Join(',', type.GetGenericArguments().Select(ArgumentOf))}}}";
    }
}
