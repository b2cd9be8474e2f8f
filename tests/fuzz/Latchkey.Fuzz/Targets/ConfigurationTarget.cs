using System.Text;
using Latchkey.Daemon.Configuration;

namespace Latchkey.Fuzz;

internal sealed class ConfigurationTarget : FuzzTarget
{
    public override string Name => "configuration";

    public override string About => "latchkey.toml";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        var result = ConfigurationReader.Read(Encoding.UTF8.GetString(input), "latchkey.toml");
        Must(result.Configuration is not null || result.Findings.Length > 0, "a refusal has a reason");
    }
}
