"""Files changed at random, as hypothesis draws them."""

from hypothesis import strategies as st


@st.composite
def damaged(draw, whole: bytes) -> bytes:
    """These bytes with one to four changes: flips, cuts, insertions, deletions, repetitions."""
    mutant = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(mutant)))
        match draw(st.sampled_from(["flip", "cut", "insert", "delete", "repeat"])):
            case "flip" if place < len(mutant):
                mutant[place] = draw(st.integers(0, 255))
            case "cut":
                del mutant[place:]
            case "insert":
                mutant[place:place] = draw(st.binary(max_size=20))
            case "delete":
                del mutant[place : place + draw(st.integers(1, 50))]
            case "repeat":
                mutant[place:place] = mutant[place : place + 300]
    return bytes(mutant)
