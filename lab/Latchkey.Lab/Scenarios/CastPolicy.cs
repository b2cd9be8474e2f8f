using Latchkey.Lab.Daemons;

namespace Latchkey.Lab.Scenarios;

/// <summary>The configurations of the cast.</summary>
/// <param name="D">Null: D does no IPsec at all.</param>
public sealed record CastPolicy(DaemonConfiguration W, DaemonConfiguration C, DaemonConfiguration? D)
{
    /// <summary>The ports of W's servers.</summary>
    private const string Ports = "7000-7009";

    /// <summary>W's ports are protected, anyone may speak for any address, and everything else is the product's default.</summary>
    public static CastPolicy Default => new(Server(), Client, Client);

    public static CastPolicy WithoutD => new(Server(), Client, null);

    /// <summary>The configuration of C and D.</summary>
    public static DaemonConfiguration Client => new() { Protect = [new ProtectRule("story", RemotePort: Ports)] };

    /// <summary>The configuration of C and D where W has an entry of its own for each of these ports.</summary>
    public static DaemonConfiguration ClientOf(params IReadOnlyList<int> ports) =>
        new() { Protect = [.. ports.Select(port => new ProtectRule($"story-{port}", RemotePort: $"{port}"))] };

    /// <summary>W's configuration with an entry of its own for each of these ports.</summary>
    public static DaemonConfiguration ServerOf(params IReadOnlyList<int> ports) =>
        Server() with { Protect = [.. ports.Select(port => new ProtectRule($"story-{port}", LocalPort: $"{port}"))] };

    /// <summary>W's configuration. Its keys are exported in every scenario, so that tshark can look inside ESP for the flow's octets.</summary>
    public static DaemonConfiguration Server(string? onBreak = null, string? trust = "anyone") =>
        new() { Protect = [new ProtectRule("story", LocalPort: Ports) { OnBreak = onBreak, Trust = trust }], ExportKeys = true };
}
