using System.Reflection;
using System.Text;

namespace Latchkey.Daemon.Tests.Client;

/// <summary>Lists what an assembly offers, and where null may be, one member a line, without what the compiler gives every record and enum.</summary>
internal static class PublicApi
{
    private static readonly HashSet<string> OfEveryRecord =
        ["Equals", "GetHashCode", "ToString", "Deconstruct", "<Clone>$", "op_Equality", "op_Inequality", "EqualityContract", "PrintMembers"];

    private static NullabilityInfoContext Nullness { get; } = new();

    public static string Of(Assembly assembly)
    {
        var listing = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            listing.Append(Kind(type)).Append(' ').AppendLine(type.FullName);
            var members = type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly);
            foreach (var line in members.Select(Line).OfType<string>().Order(StringComparer.Ordinal))
            {
                listing.Append("    ").AppendLine(line);
            }
        }

        return listing.ToString();
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum" : type.IsAbstract && type.IsSealed ? "static class" : type.GetMethod("<Clone>$") is not null ? "record" : type.IsSealed ? "sealed class" : "class";

    private static string? Line(MemberInfo member) => member switch
    {
        { Name: var name } when OfEveryRecord.Contains(name) => null,
        ConstructorInfo made => $"new({Parameters(made)})",
        MethodInfo { IsSpecialName: true } => null,
        MethodInfo method => $"{Name(method.ReturnType, Nullness.Create(method.ReturnParameter))} {method.Name}({Parameters(method)})",
        PropertyInfo property => $"{Name(property.PropertyType, Nullness.Create(property))} {property.Name} {{ get;{(property.SetMethod is { IsPublic: true } ? " init;" : "")} }}",
        FieldInfo { IsLiteral: true, DeclaringType.IsEnum: true } value => $"{value.Name} = {Convert.ToInt64(value.GetRawConstantValue(), null)}",
        FieldInfo { IsLiteral: true } constant => $"const {Name(constant.FieldType, Nullness.Create(constant))} {constant.Name} = {constant.GetRawConstantValue()}",
        _ => null,
    };

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType, Nullness.Create(p))} {p.Name}{(p.HasDefaultValue ? $" = {p.DefaultValue ?? "default"}" : "")}"));

    private static string Name(Type type, NullabilityInfo info)
    {
        var name = type switch
        {
            { IsArray: true } => $"{Name(type.GetElementType()!, info.ElementType!)}[]",
            { IsGenericType: true } => $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GenericTypeArguments.Select((t, i) => Name(t, Argument(info, i))))}>",
            _ => type.Name,
        };
        return !type.IsValueType && info.ReadState == NullabilityState.Nullable ? name + "?" : name;
    }

    private static NullabilityInfo Argument(NullabilityInfo info, int index) => index < info.GenericTypeArguments.Length ? info.GenericTypeArguments[index] : info;
}
