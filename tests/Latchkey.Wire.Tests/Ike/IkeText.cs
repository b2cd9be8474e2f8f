using System.Collections;
using Latchkey.Wire.Ike;

namespace Latchkey.Wire.Tests.Ike;

/// <summary>Every value of a message as text, so that two messages can be compared by what they say.</summary>
internal static class IkeText
{
    public static string Of(IkeMessage message) =>
        string.Join('\n', message.Payloads.Select(Of).Prepend($"{message.Header.SpiI:x} {message.Header.SpiR:x} {message.Header.Exchange} {message.Header.Flags} {message.Header.MessageId}"));

    public static string Of(object? value) => value switch
    {
        null => "-",
        byte[] octets => Convert.ToHexString(octets),
        string text => text,
        EncryptedPayload encrypted => $"{encrypted.Type} {encrypted.Fragment} {encrypted.FirstInner} {Of(encrypted.Body)} {encrypted.Critical}",
        IEnumerable many => $"[{string.Join(", ", many.Cast<object>().Select(Of))}]",
        _ when value.GetType().Namespace == typeof(IkePayload).Namespace && !value.GetType().IsEnum =>
            $"{value.GetType().Name}({string.Join(' ', value.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0 && !p.GetMethod!.IsStatic).Select(p => $"{p.Name}={Of(p.GetValue(value))}"))})",
        _ => value.ToString()!,
    };
}
