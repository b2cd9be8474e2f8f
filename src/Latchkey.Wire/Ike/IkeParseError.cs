namespace Latchkey.Wire.Ike;

/// <summary>Where and why octets are not an IKE message.</summary>
/// <param name="What">What was being read, for example <c>KE payload</c>.</param>
/// <param name="Offset">Octets from the start of the message.</param>
/// <param name="Wanted">What the field needs: octets, or the greatest count or value allowed.</param>
/// <param name="Available">What is there.</param>
public readonly record struct IkeParseError(string What, int Offset, int Wanted, int Available)
{
    public override string ToString() => $"{What} at octet {Offset}: wanted {Wanted}, found {Available}";
}
