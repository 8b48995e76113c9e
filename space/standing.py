"""Where one stands in the line, in a sentence that changes only when there is something new."""

from collections.abc import Iterable, Iterator

from places import Standing


def sentences(standings: Iterable[Standing]) -> Iterator[str]:
    """What to say of a wait as it goes on, each time it changes; nothing again once it is over."""
    before = ""
    for standing in standings:
        if (said := sentence(standing)) != before:
            before = said
            yield said
    if before:
        yield ""


def sentence(standing: Standing) -> str:
    """`You are 3rd in line; about 40 s to go, as the last 12 comparisons took.`"""
    place = f"You are {_ordinal(standing.place) if standing.place > 1 else 'next'} in line"
    if standing.seconds is None:
        return f"{place}."
    if standing.seconds == 0:
        return f"{place}; what runs takes longer than expected."
    rests_on = (
        "the last comparison"
        if standing.measured == 1
        else f"the last {standing.measured} comparisons"
    )
    return f"{place}; about {about(standing.seconds)} to go, as {rests_on} took."


def about(seconds: float) -> str:
    """A time as exact as an estimate is: whole seconds to 10, fives to a minute, tens to ten."""
    for below, step in ((10, 1), (60, 5), (600, 10)):
        if seconds <= below:
            whole = max(1, step * round(seconds / step))
            break
    else:
        whole = 60 * round(seconds / 60)
    minutes, rest = divmod(whole, 60)
    return " ".join(filter(None, (f"{minutes} min" * (minutes > 0), f"{rest} s" * (rest > 0))))


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"
