using Latchkey.Wire;
using Xunit;
using static Latchkey.Latching.Tests.TestPolicy;

namespace Latchkey.Latching.Tests.Pins;

public class PinSetTests
{
    [Fact]
    public void A_pin_taken_back_leaves_the_memory_of_where_its_key_was_and_forgetting_leaves_nothing()
    {
        var pins = PinSet.Empty.With(new Pin(C, Key("c"), PinOrigin.FirstUse));
        Assert.Equal([C], pins.PlacesOf(Key("c")));

        var unpinned = pins.Without(C);
        Assert.Null(unpinned.At(C));
        Assert.Equal([C], unpinned.PlacesOf(Key("c")));

        Assert.Empty(unpinned.Forgetting(C).PlacesOf(Key("c")));
    }

    [Fact]
    public void Forgetting_one_address_leaves_the_others_of_the_same_key()
    {
        var pins = PinSet.Empty.With(new Pin(C, Key("c"), PinOrigin.FirstUse)).With(new Pin(D, Key("c"), PinOrigin.FirstUse)).Forgetting(C);
        Assert.Null(pins.At(C));
        Assert.NotNull(pins.At(D));
        Assert.Equal([D], pins.PlacesOf(Key("c")));
    }

    [Fact]
    public void An_address_has_one_pin_and_the_last_one_counts()
    {
        var pins = PinSet.Empty.With(new Pin(C, Key("old"), PinOrigin.FirstUse)).With(new Pin(C, Key("new"), PinOrigin.Person));
        Assert.Equal(new Pin(C, Key("new"), PinOrigin.Person), pins.At(C));
        Assert.Equal(1, pins.Count);
        Assert.True(pins.IsPinnedByPerson(Key("new")));
        Assert.False(pins.IsPinnedByPerson(Key("old")));
    }

    [Fact]
    public void A_changed_key_is_explained_with_its_likely_causes_and_one_command_each()
    {
        var pin = new Pin(C, Key("c"), PinOrigin.FirstUse);
        var stranger = ChangedKey.Explain(pin, Key("d"), PinSet.Empty.With(pin));
        Assert.Contains(stranger, line => line.Contains("reinstalled", StringComparison.Ordinal) && line.EndsWith($"latchkey pin {C} --key {Key("d")}", StringComparison.Ordinal));
        Assert.Contains(stranger, line => line.Contains("another host", StringComparison.Ordinal) && line.EndsWith($"latchkey forget {C}", StringComparison.Ordinal));
        Assert.Contains(stranger, line => line.Contains("replaced", StringComparison.Ordinal) && line.EndsWith($"latchkey unpin {C}", StringComparison.Ordinal));
        Assert.Contains(stranger, line => line.Contains("attacking", StringComparison.Ordinal));
        Assert.Contains(stranger, line => line.Contains("latchkey fingerprint", StringComparison.Ordinal));

        var moved = ChangedKey.Explain(pin, Key("d"), PinSet.Empty.With(pin).With(new Pin(D, Key("d"), PinOrigin.FirstUse)));
        Assert.Contains(moved, line => line.Contains($"the same key was seen at {D}", StringComparison.Ordinal));
    }
}
