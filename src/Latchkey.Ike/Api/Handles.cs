namespace Latchkey.Ike;

/// <summary>Names one IKE SA inside this host. Never reused; stays the same when the IKE SA is rekeyed.</summary>
public readonly record struct IkeSaHandle(uint Value)
{
    public override string ToString() => $"ike-{Value}";
}

/// <summary>Names one Child SA (a pair of ESP SAs) inside this host. Never reused; a rekey makes a new one.</summary>
public readonly record struct ChildSaHandle(uint Value)
{
    public override string ToString() => $"child-{Value}";
}

/// <summary>Names a Child SA that was asked for and does not exist yet; returned by commands, repeated in outputs.</summary>
public readonly record struct ChildRequestHandle(uint Value)
{
    public override string ToString() => $"request-{Value}";
}
