"""Mood over time: estimates smoothed by time and confidence, presence, hysteresis and dwell."""

import math
from dataclasses import dataclass, replace

from soulsync_edge.domain.affect import Affect, clamped
from soulsync_edge.domain.emotion import EMOTIONS, Emotion, EmotionEstimate


@dataclass(frozen=True, slots=True)
class MoodRules:
    """How quickly a mood follows what is seen, and how stubborn its label is.

    Attributes:
        label_time_constant_s: Smoothing of the class probabilities; above 0.
        affect_time_constant_s: Smoothing of valence and arousal; above 0.
        settled_time_constant_s: The same where it is judged what became of a mood; above 0.
        enter_share: Smoothed probability a class needs to become the label, 0 to 1.
        leave_share: Below this the label is given up for *unsure*; at most `enter_share`.
        lead_share: How far a new class must be ahead of the present label, 0 to 1.
        unsure_below: Smoothed confidence below which there is no label at all, 0 to 1.
        dwell_s: How long a change must hold before it counts.
        appear_s: How long someone must be seen before the room counts as occupied.
        vanish_s: How long nobody must be seen before the room counts as empty.
        stale_s: How long the eye may say nothing at all before its last word is dropped.
    """

    label_time_constant_s: float = 1.2
    affect_time_constant_s: float = 12.0
    settled_time_constant_s: float = 60.0
    enter_share: float = 0.35
    leave_share: float = 0.28
    lead_share: float = 0.05
    unsure_below: float = 0.25
    dwell_s: float = 1.5
    appear_s: float = 0.5
    vanish_s: float = 2.0
    stale_s: float = 10.0

    def __post_init__(self) -> None:
        if not 0 <= self.leave_share <= self.enter_share <= 1:
            raise ValueError(
                "leave_share must be from 0 to enter_share, and enter_share at most 1, got "
                f"{self.leave_share} and {self.enter_share}"
            )
        if (
            min(
                self.label_time_constant_s,
                self.affect_time_constant_s,
                self.settled_time_constant_s,
            )
            <= 0
        ):
            raise ValueError("time constants must be above 0 s")


# An estimate speaks for the time since the one before it, but never for more than this: after a
# gap nothing is known about what the face did meanwhile.
LONGEST_GAP_S = 1.0

# Less evidence than this is none: dividing by it would give rounding errors, not shares.
LEAST_WEIGHT = 1e-9

_NO_SHARES = (0.0,) * len(EMOTIONS)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Confidence-weighted exponential averages; empty when nothing was seen yet.

    Attributes:
        shares: Smoothed class probabilities times their weight, in `EMOTIONS` order.
        weight: Smoothed confidence behind `shares`, 0 to 1.
        valence: Smoothed valence times its weight.
        arousal: Smoothed arousal times its weight.
        affect_weight: Smoothed confidence behind valence and arousal, 0 to 1.
    """

    shares: tuple[float, ...] = _NO_SHARES
    weight: float = 0.0
    valence: float = 0.0
    arousal: float = 0.0
    affect_weight: float = 0.0

    def after(self, estimate: EmotionEstimate, elapsed_s: float, rules: MoodRules) -> "Evidence":
        """Return the averages once `estimate` has spoken for the last `elapsed_s` seconds.

        Each average decays by `exp(-elapsed / time constant)`, so two frames of 0.1 s weigh
        what one of 0.2 s does: the frame rate does not matter.

        An unsure estimate names no class: the evidence for one fades meanwhile. Its affect is
        the mean over all classes, and stands.
        """
        after = self.affect_after(estimate, elapsed_s, rules.affect_time_constant_s)
        elapsed_s = min(max(elapsed_s, 0.0), LONGEST_GAP_S)
        keep = math.exp(-elapsed_s / rules.label_time_constant_s)
        gain = 0.0 if estimate.is_unsure else (1.0 - keep) * estimate.confidence
        return replace(
            after,
            shares=tuple(
                keep * old + gain * new
                for old, new in zip(self.shares, estimate.probabilities, strict=True)
            ),
            weight=keep * self.weight + gain,
        )

    def affect_after(
        self, estimate: EmotionEstimate, elapsed_s: float, time_constant_s: float
    ) -> "Evidence":
        """Return the same for valence and arousal alone."""
        elapsed_s = min(max(elapsed_s, 0.0), LONGEST_GAP_S)
        keep = math.exp(-elapsed_s / time_constant_s)
        gain = (1.0 - keep) * estimate.confidence
        affect = estimate.affect
        return replace(
            self,
            valence=keep * self.valence + gain * affect.valence,
            arousal=keep * self.arousal + gain * affect.arousal,
            affect_weight=keep * self.affect_weight + gain,
        )

    @property
    def probabilities(self) -> tuple[float, ...] | None:
        """The smoothed class probabilities, or None without evidence."""
        if self.weight < LEAST_WEIGHT:
            return None
        return tuple(min(share / self.weight, 1.0) for share in self.shares)

    @property
    def affect(self) -> Affect | None:
        """The smoothed affect, or None without evidence."""
        if self.affect_weight < LEAST_WEIGHT:
            return None
        return clamped(self.valence / self.affect_weight, self.arousal / self.affect_weight)


@dataclass(frozen=True, slots=True)
class Reading:
    """A mood that is compared with another one.

    Attributes:
        affect: Where it sits.
        weight: How much evidence is behind it, above 0 to 1.
    """

    affect: Affect
    weight: float


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether someone is there, with its own hold times.

    Attributes:
        is_present: Someone has been seen for long enough, and not missed for long enough.
        contrary_since_s: Since when what is seen has spoken against `is_present`.
    """

    is_present: bool = False
    contrary_since_s: float | None = None

    def after(self, *, is_seen: bool, at_s: float, rules: MoodRules) -> "Presence":
        """Return presence once `is_seen` was observed at `at_s`."""
        if is_seen == self.is_present:
            return replace(self, contrary_since_s=None)
        since_s = at_s if self.contrary_since_s is None else self.contrary_since_s
        hold_s = rules.appear_s if is_seen else rules.vanish_s
        if at_s - since_s >= hold_s:
            return Presence(is_present=is_seen)
        return replace(self, contrary_since_s=since_s)


@dataclass(frozen=True, slots=True)
class Mood:
    """How the room has looked over the last moments.

    Attributes:
        presence: Is someone there.
        label: The settled class; None says *unsure*, or that nobody is there.
        contender: What wants to replace `label` (None: unsure does).
        contender_since_s: Since when, or None when nothing challenges the label.
        evidence: The smoothed averages behind it.
        settled: Slower ones of valence and arousal, about a minute's, that passing looks hardly
            move; its shares are not kept.
        heard_at_s: When the eye last said anything, or None before its first word.
    """

    presence: Presence = Presence()
    label: Emotion | None = None
    contender: Emotion | None = None
    contender_since_s: float | None = None
    evidence: Evidence = Evidence()
    settled: Evidence = Evidence()
    heard_at_s: float | None = None

    @property
    def is_present(self) -> bool:
        """Someone is there."""
        return self.presence.is_present

    @property
    def is_unsure(self) -> bool:
        """Someone is there, and how they look is not clear."""
        return self.is_present and self.label is None

    @property
    def affect(self) -> Affect | None:
        """The smoothed affect; None while nobody is there or nothing is known."""
        return self.evidence.affect if self.is_present else None

    @property
    def reading(self) -> Reading | None:
        """The settled mood; None while nobody is there or nothing is known."""
        affect = self.settled.affect if self.is_present else None
        return None if affect is None else Reading(affect, self.settled.affect_weight)

    @property
    def confidence(self) -> float:
        """The smoothed confidence of what was seen, 0 to 1."""
        return min(self.evidence.weight, 1.0)

    @property
    def word(self) -> str:
        """The state in one word: a class, `unsure` or `nobody`."""
        if not self.is_present:
            return "nobody"
        return "unsure" if self.label is None else self.label.value


def mood_after_estimate(
    mood: Mood, estimate: EmotionEstimate, at_s: float, rules: MoodRules
) -> Mood:
    """Return the mood once `estimate` was made at `at_s`.

    News older than what is already known is dropped: estimates may overtake each other.
    """
    if mood.heard_at_s is not None and at_s < mood.heard_at_s:
        return mood
    presence = mood.presence.after(is_seen=True, at_s=at_s, rules=rules)
    # Before the first word, an estimate speaks for one frame at the usual four a second.
    elapsed_s = 0.25 if mood.heard_at_s is None else at_s - mood.heard_at_s
    return _after_look(mood, presence, estimate, elapsed_s, at_s, rules)


def mood_after_nobody(mood: Mood, at_s: float, rules: MoodRules) -> Mood:
    """Return the mood once a frame without a usable face was seen at `at_s`."""
    if mood.heard_at_s is not None and at_s < mood.heard_at_s:
        return mood
    presence = mood.presence.after(is_seen=False, at_s=at_s, rules=rules)
    if not presence.is_present:
        # Whoever comes next is not whoever left: start from nothing.
        return Mood(presence=presence, heard_at_s=at_s)
    return replace(mood, presence=presence, heard_at_s=at_s)


def mood_after_obscured(mood: Mood, at_s: float, rules: MoodRules) -> Mood:
    """Return the mood once someone was seen at `at_s` whose face says nothing usable.

    Too dark, too far or turned away: someone is there, so presence holds, and the evidence
    fades as time passes without any.
    """
    if mood.heard_at_s is not None and at_s < mood.heard_at_s:
        return mood
    presence = mood.presence.after(is_seen=True, at_s=at_s, rules=rules)
    elapsed_s = 0.0 if mood.heard_at_s is None else at_s - mood.heard_at_s
    nothing = EmotionEstimate((1.0 / len(EMOTIONS),) * len(EMOTIONS), confidence=0.0)
    return _after_look(mood, presence, nothing, elapsed_s, at_s, rules)


def mood_after_silence(mood: Mood, at_s: float, rules: MoodRules) -> Mood:
    """Return the mood at `at_s` when the eye may have gone quiet: an old word is not news."""
    if mood.heard_at_s is None or at_s - mood.heard_at_s < rules.stale_s:
        return mood
    return Mood()


def _after_look(  # one look in all its parts
    mood: Mood,
    presence: Presence,
    estimate: EmotionEstimate,
    elapsed_s: float,
    at_s: float,
    rules: MoodRules,
) -> Mood:
    mood = replace(
        mood,
        presence=presence,
        evidence=mood.evidence.after(estimate, elapsed_s, rules),
        settled=mood.settled.affect_after(estimate, elapsed_s, rules.settled_time_constant_s),
        heard_at_s=at_s,
    )
    return _settled(mood, at_s, rules)


def _settled(mood: Mood, at_s: float, rules: MoodRules) -> Mood:
    """Let the label follow the evidence, past hysteresis and after dwell."""
    wanted = _wanted_label(mood, rules)
    if wanted == mood.label:
        return replace(mood, contender=None, contender_since_s=None)
    if mood.contender_since_s is None or wanted != mood.contender:
        return replace(mood, contender=wanted, contender_since_s=at_s)
    if at_s - mood.contender_since_s < rules.dwell_s:
        return mood
    return replace(mood, label=wanted, contender=None, contender_since_s=None)


def _wanted_label(mood: Mood, rules: MoodRules) -> Emotion | None:
    """Return the label the evidence speaks for now: another class, the present one, or None."""
    shares = mood.evidence.probabilities
    if shares is None or mood.evidence.weight < rules.unsure_below:
        return None
    best = max(range(len(EMOTIONS)), key=shares.__getitem__)
    if mood.label is None:
        return EMOTIONS[best] if shares[best] >= rules.enter_share else None
    present_share = shares[EMOTIONS.index(mood.label)]
    if shares[best] >= max(rules.enter_share, present_share + rules.lead_share):
        return EMOTIONS[best]
    return mood.label if present_share >= rules.leave_share else None
