"""A scenario's states drawn, as a Mermaid state diagram."""

from __future__ import annotations

from .model import BUILT_IN_STATES, Scenario, State, Transition

__all__ = ["diagram"]


def diagram(scenario: Scenario) -> str:
    """The text of a Mermaid `stateDiagram-v2`: states with their statuses, transitions with their triggers."""
    numbers = {name: f"s{number}" for number, name in enumerate(scenario.states)}
    for state in scenario.states.values():
        for transition in state.next:
            numbers.setdefault(transition.state, f"s{len(numbers)}")
    lines = ["stateDiagram-v2", f"  %% {scenario.name}: {scenario.summary}"]
    for name, number in numbers.items():
        state = scenario.states.get(name) or BUILT_IN_STATES[name]
        lines.append(f'  state "{_label(name, state)}" as {number}')
    lines.append(f"  [*] --> {numbers[scenario.start]}")
    for name, number in numbers.items():
        state = scenario.states.get(name) or BUILT_IN_STATES[name]
        lines += [
            f"  {number} --> {numbers[transition.state]}: {trigger_in_words(transition)}" for transition in state.next
        ]
        if not state.next:
            lines.append(f"  {number} --> [*]")
    return "\n".join(lines)


def _label(name: str, state: State) -> str:
    status = state.video.get("status")
    text = name if status in (None, name) else f"{name}: {status}"
    return text.replace('"', "'").replace("\n", " ")


def trigger_in_words(transition: Transition) -> str:
    """`after 2 polls`, `after 45 s`, `on content`, `signal go`, with the chance where there is one."""
    if transition.polls is not None:
        text = f"after {transition.polls} poll{'' if transition.polls == 1 else 's'}"
    elif transition.seconds is not None:
        text = f"after {transition.seconds:.12g} s"
    elif transition.on is not None:
        text = f"on {transition.on}"
    else:
        text = f"signal {transition.signal}"
    return text if transition.chance >= 1 else f"{text}, {transition.chance * 100:g}%"
