using Spectre.Console;

namespace Latchkey.Cli.Output;

/// <summary>What colours mean. In a pipe there are none, so no meaning may hang on them alone.</summary>
internal static class Look
{
    public static Style Plain { get; } = Style.Plain;

    public static Style Strong { get; } = new(decoration: Decoration.Bold);

    public static Style Faint { get; } = new(decoration: Decoration.Dim);

    public static Style Good { get; } = new(Color.Green);

    public static Style Warning { get; } = new(Color.Yellow);

    public static Style Bad { get; } = new(Color.Red, decoration: Decoration.Bold);

    public static Style OfState(string state) => state switch
    {
        "ESTABLISHED" => Good,
        "LARVAL" or "UNLATCHED" => Warning,
        "BROKEN" => Bad,
        "CLOSED" => Faint,
        _ => Plain,
    };

    public static Style OfEvent(string kind) => kind switch
    {
        "latch_established" or "latch_restored" or "ike_sa_established" or "child_sa_established" => Good,
        "latch_broken" or "peer_replaced" or "key_export_on" => Bad,
        "negotiation_failed" or "proposal_mismatch" or "peer_refused" or "child_refused" or "child_narrowed" or "degraded"
            or "reload_refused" or "latch_kept" or "flow_unlatched" => Warning,
        _ => Plain,
    };
}
