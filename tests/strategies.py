"""Hypothesis strategies for the domain's values."""

from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.emotion import EMOTIONS, EmotionEstimate
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of

units = st.floats(-1, 1)
affects = st.builds(Affect, units, units)
shares = st.floats(0, 1)


def _normalised(weights: list[float]) -> tuple[float, ...]:
    total = sum(weights)
    if total <= 1e-3:
        return (1.0 / len(EMOTIONS),) * len(EMOTIONS)
    return tuple(weight / total for weight in weights)


probabilities = st.lists(shares, min_size=len(EMOTIONS), max_size=len(EMOTIONS)).map(_normalised)
estimates = st.builds(EmotionEstimate, probabilities, shares)

TRACK_IDS = tuple(f"t{number}" for number in range(6))


def a_track(track_id: str, affect: Affect, *, artist: str = "", duration_s: float = 180.0) -> Track:
    return Track(
        track_id=track_id,
        path=f"/music/{track_id}.flac",
        title=track_id.upper(),
        artist=artist,
        album="",
        duration_s=duration_s,
        affect=affect,
        affect_spread=Spread(0.2, 0.2),
        affect_source="its mood tag",
    )


tracks = st.builds(
    a_track, st.sampled_from(TRACK_IDS), affects, artist=st.sampled_from(("", "Ada", "Bo"))
)
catalogues: st.SearchStrategy[Catalogue] = st.lists(tracks, max_size=8).map(catalogue_of)

times = st.floats(0, 5000)
ids = st.sampled_from(TRACK_IDS)
opinions = st.sampled_from(ev.Opinion)

events: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(ev.EstimateArrived, times, probabilities, shares, st.integers(1, 4)),
    st.builds(ev.NobodySeen, times),
    st.builds(ev.FaceObscured, times, st.sampled_from(ev.Obstacle)),
    st.builds(ev.RoomDark, times),
    st.builds(ev.PartReported, times, st.sampled_from(ev.Part), st.booleans(), st.text(max_size=9)),
    st.builds(ev.Tick, times, st.integers(0, 1439)),
    st.builds(ev.TrackStarted, times, ids),
    st.builds(ev.TrackMoved, times, ids, st.floats(0, 300)),
    st.builds(ev.TrackEnding, times, ids, st.floats(0, 12)),
    st.builds(ev.TrackEnded, times, ids),
    st.builds(ev.TrackFailed, times, ids, st.text(max_size=9)),
    st.builds(ev.VoiceFound, times),
    st.builds(ev.VoiceLost, times),
    st.builds(ev.EyeFound, times),
    st.builds(ev.EyeLost, times),
    st.builds(ev.CatalogueChanged, times),
    st.builds(
        ev.ListeningMoved,
        times,
        st.none()
        | st.builds(
            ListeningProgress,
            st.integers(0, 9),
            st.integers(0, 9),
            st.none() | st.floats(0, 1e5),
        ),
    ),
    st.builds(
        ev.ScanMoved,
        times,
        st.none()
        | st.builds(
            ScanProgress,
            st.integers(0, 9),
            st.none() | st.integers(0, 9),
            shares,
            st.none() | shares,
        ),
    ),
    st.builds(ev.RulesChanged, times),
    st.builds(ev.SkipRequested, times),
    st.builds(ev.MusicSwitched, times, st.booleans()),
    st.builds(ev.CameraSwitched, times, st.booleans()),
    st.builds(ev.ButtonPressed, times),
    st.builds(ev.ButtonHeld, times),
    st.builds(ev.VolumeChosen, times, st.integers(-50, 200)),
    st.builds(ev.ModeChosen, times, st.sampled_from(Mode)),
    st.builds(ev.GoalChosen, times, st.sampled_from(Goal)),
    st.builds(ev.TrackJudged, times, ids, st.sampled_from(ev.Opinion)),
    st.builds(ev.ReplayRequested, times),
    st.builds(ev.TasteErased, times),
    st.builds(ev.SleepChosen, times, st.integers(0, 240)),
    st.builds(ev.DuckingChanged, times, st.sampled_from(("bell", "hub")), st.booleans()),
    st.builds(ev.SoundTestRequested, times),
)
