"""A scenario's states drawn, as a Mermaid state diagram."""

from __future__ import annotations

from .model import BUILT_IN_STATES, Scenario, State, Transition

__all__ = ["diagram"]


def diagram(scenario: Scenario) -> str:
    """The text of a Mermaid `stateDiagram-v2`: states with what they show, transitions with what triggers them."""
    numbers = {name: f"s{number}" for number, name in enumerate(scenario.states)}
    for state in scenario.states.values():
        for way in state.next:
            numbers.setdefault(way.state, f"s{len(numbers)}")
    lines = ["stateDiagram-v2", f"  %% {scenario.name}: {scenario.summary}"]
    for name, number in numbers.items():
        state = scenario.states.get(name) or BUILT_IN_STATES[name]
        lines.append(f'  state "{_label(name, state)}" as {number}')
    lines.append(f"  [*] --> {numbers[scenario.start]}")
    for name, number in numbers.items():
        state = scenario.states.get(name) or BUILT_IN_STATES[name]
        lines += [f"  {number} --> {numbers[way.state]}: {trigger_in_words(way)}" for way in state.next]
        if not state.next:
            lines.append(f"  {number} --> [*]")
    return "\n".join(lines)


def _label(name: str, state: State) -> str:
    status = state.video.get("status")
    words = name if status in (None, name) else f"{name}: {status}"
    return words.replace('"', "'").replace("\n", " ")


def trigger_in_words(way: Transition) -> str:
    """`after 2 polls`, `after 45 s`, `on content`, `signal go`, with the chance where there is one."""
    if way.polls is not None:
        words = f"after {way.polls} poll{'' if way.polls == 1 else 's'}"
    elif way.seconds is not None:
        words = f"after {way.seconds:.12g} s"
    elif way.on is not None:
        words = f"on {way.on}"
    else:
        words = f"signal {way.signal}"
    return words if way.chance >= 1 else f"{words}, {way.chance * 100:g}%"
