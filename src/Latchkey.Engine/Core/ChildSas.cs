using System.Diagnostics.CodeAnalysis;
using Latchkey.Ike;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// The Child SAs of one IKE SA, found by what they cover as well: a peer may have a thousand of them, most for single flows, and
/// to look at all for each would cost a million looks when the IKE SA ends.
/// </summary>
internal sealed class ChildSas
{
    private readonly Dictionary<ChildSaHandle, ChildSa> _all = [];
    private readonly Dictionary<SelectorSet, Dictionary<ChildSaHandle, ChildSa>> _bySelectors = [];

    /// <summary>Selectors that may cover others than themselves.</summary>
    private readonly HashSet<SelectorSet> _wide = [];

    public int Count => _all.Count;

    public IReadOnlyCollection<ChildSa> Values => _all.Values;

    public bool TryGetValue(ChildSaHandle handle, [NotNullWhen(true)] out ChildSa? child) => _all.TryGetValue(handle, out child);

    /// <summary>Those that cover all of these selectors, the very same first.</summary>
    public IEnumerable<ChildSa> Carrying(SelectorSet selectors) =>
        With(selectors).Concat(_wide.Where(wide => wide != selectors && wide.Covers(selectors)).SelectMany(With));

    public void Add(ChildSa child)
    {
        _all.Add(child.Handle, child);
        if (!_bySelectors.TryGetValue(child.Selectors, out var same))
        {
            _bySelectors.Add(child.Selectors, same = []);
            if (child.Selectors.SingleFlow is null)
            {
                _wide.Add(child.Selectors);
            }
        }

        same.Add(child.Handle, child);
    }

    public void Remove(ChildSa child)
    {
        _all.Remove(child.Handle);
        if (_bySelectors.TryGetValue(child.Selectors, out var same) && same.Remove(child.Handle) && same.Count == 0)
        {
            _bySelectors.Remove(child.Selectors);
            _wide.Remove(child.Selectors);
        }
    }

    private IEnumerable<ChildSa> With(SelectorSet selectors) => _bySelectors.GetValueOrDefault(selectors)?.Values.AsEnumerable() ?? [];
}
