"""What age a clinician typed into a form, and the sentence where it is none."""

from __future__ import annotations

from matcher.readers.typed_ages import typed_years


class NotAnAge(ValueError):
    """A text that is no age; the sentence says what would be one."""

    def __init__(self, entered: str) -> None:
        super().__init__(
            f"“{entered}” is not an age up to 120 years. Write it like 4, 4 y 2 m or 5 m."
        )


def years(entered: str) -> float | None:
    """The age in years, None for an empty text. A number alone counts years."""
    if not entered.strip():
        return None
    age = typed_years(entered)
    if age is None:
        raise NotAnAge(entered)
    return age


def typed(age: float | None) -> str:
    """An age as one would type it: whole months, so that it reads back the same."""
    if age is None:
        return ""
    whole, months = divmod(round(age * 12), 12)
    return (
        f"{whole} y {months} m"
        if whole and months
        else f"{whole} y" if whole else f"{months} m"
    )
