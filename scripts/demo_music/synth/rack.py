"""Every instrument by name, ready to play."""

from scripts.demo_music.synth import basses, bowed, drums, keys, lines, plucked
from scripts.demo_music.synth.instruments import Held, Instrument, Kit, Singing, Struck

_STICK_KIT = {
    "kick": drums.kick(low_hz=52, sweep_hz=130, t60_s=0.34, click=0.5),
    "snare": drums.snare(tone_hz=190, wires_s=0.2, wires=0.75),
    "ghost": drums.louder(drums.snare(tone_hz=200, wires_s=0.09, wires=0.35), -9),
    "rim": drums.louder(drums.wood(hz=1050, t60_s=0.06, pan=-0.1), -4),
    "shaker": drums.louder(
        drums.shaken(low_hz=5000, high_hz=12_000, length_s=0.06, attack_s=0.02, pan=-0.4), -10
    ),
    "hat": drums.louder(drums.cymbal(t60_s=0.12, low_hz=5000, ring=0.45, pan=0.3), 3),
    "open": drums.louder(drums.cymbal(t60_s=0.4, low_hz=4600, ring=0.5, pan=0.3), 1),
    "ride": drums.louder(drums.cymbal(t60_s=1.3, low_hz=3800, ring=0.7, pan=-0.35, tick=0.9), -2),
    "crash": drums.cymbal(t60_s=2.6, low_hz=2600, ring=0.5, pan=-0.25),
    "high tom": drums.drum(hz=165, t60_s=0.4, bend=0.35, skin=0.25, pan=0.25),
    "low tom": drums.drum(hz=92, t60_s=0.55, bend=0.4, skin=0.25, pan=-0.3),
}

INSTRUMENTS: dict[str, Instrument] = {
    "felt piano": Struck(keys.piano(felt=0.9, ring=1.5), damper_s=0.3),
    "piano": Struck(keys.piano(felt=0.35, ring=1.5), damper_s=0.22),
    "hard piano": Struck(keys.piano(felt=0.0, ring=1.3), damper_s=0.16),
    "electric piano": Struck(keys.electric_piano(bark=0.25), damper_s=0.25),
    "bright electric piano": Struck(keys.electric_piano(bark=0.8), damper_s=0.18),
    "vibraphone": Struck(
        keys.bars(ratios=(1, 4, 10.2), levels=(1, 0.18, 0.05), t60_s=7.0, mallet=0.12), damper_s=0.4
    ),
    "marimba": Struck(
        keys.bars(ratios=(1, 3.93, 9.2), levels=(1, 0.3, 0.1), t60_s=1.2, mallet=0.5), damper_s=0.4
    ),
    "glockenspiel": Struck(
        keys.bars(ratios=(1, 2.76, 5.4, 8.93), levels=(1, 0.35, 0.2, 0.06), t60_s=4.5, mallet=0.25),
        damper_s=1.0,
    ),
    "music box": Struck(
        keys.bars(ratios=(1, 2.0, 5.93, 6.27), levels=(1, 0.12, 0.22, 0.1), t60_s=3.6, mallet=0.3),
        damper_s=0.9,
    ),
    "kalimba": Struck(
        keys.bars(
            ratios=(1, 2.0, 5.6, 8.2), levels=(1, 0.1, 0.22, 0.1), t60_s=1.5, mallet=0.6, falls=1.6
        ),
        damper_s=0.6,
    ),
    "glass bell": Struck(
        keys.bars(
            ratios=(1, 2.0, 3.01, 4.2, 5.43),
            levels=(1, 0.4, 0.3, 0.16, 0.1),
            t60_s=6.0,
            mallet=0.05,
        ),
        damper_s=1.5,
    ),
    "cracked bell": Struck(
        keys.bars(
            ratios=(1, 1.19, 1.56, 2.44, 3.7),
            levels=(0.8, 0.6, 0.7, 0.4, 0.3),
            t60_s=3.5,
            mallet=0.4,
        ),
        damper_s=0.8,
    ),
    "nylon guitar": Struck(
        plucked.string(
            ring_s=5.0,
            bright_hz=1700,
            pluck_at=0.22,
            loss=1.1,
            resonances=plucked.NYLON_BODY,
            touch=0.3,
        ),
        damper_s=0.16,
    ),
    "steel guitar": Struck(
        plucked.string(
            ring_s=6.0,
            bright_hz=3000,
            pluck_at=0.15,
            loss=0.6,
            resonances=plucked.STEEL_BODY,
            touch=0.45,
        ),
        damper_s=0.14,
    ),
    "muted guitar": Struck(
        plucked.string(
            ring_s=0.7,
            bright_hz=1500,
            pluck_at=0.18,
            loss=1.4,
            resonances=plucked.STEEL_BODY,
            touch=0.5,
        ),
        damper_s=0.06,
    ),
    "skank guitar": Struck(
        plucked.string(ring_s=2.4, bright_hz=3400, pluck_at=0.11, loss=0.5, touch=0.6),
        damper_s=0.035,
    ),
    "harp": Struck(
        plucked.string(ring_s=6.0, bright_hz=1900, pluck_at=0.35, loss=0.8, touch=0.15),
        damper_s=0.6,
    ),
    "koto": Struck(
        plucked.string(ring_s=5.0, bright_hz=3200, pluck_at=0.08, loss=0.8, touch=0.5), damper_s=0.3
    ),
    "pizzicato": Struck(
        plucked.string(
            ring_s=0.7,
            bright_hz=1500,
            pluck_at=0.3,
            loss=1.2,
            resonances=lines.VIOLIN_BODY,
            touch=0.5,
        ),
        damper_s=0.12,
    ),
    "fuzz guitar": Held(bowed.fuzz_guitar(drive=6.0)),
    "clav": Struck(
        plucked.string(ring_s=1.8, bright_hz=4200, pluck_at=0.07, loss=0.3, touch=0.4),
        damper_s=0.03,
    ),
    "upright bass": Struck(
        plucked.string(
            ring_s=2.0,
            bright_hz=520,
            pluck_at=0.28,
            loss=1.6,
            resonances=plucked.UPRIGHT_BODY,
            touch=0.35,
        ),
        damper_s=0.07,
    ),
    "electric bass": Struck(
        plucked.string(ring_s=2.6, bright_hz=1100, pluck_at=0.2, loss=1.3, touch=0.3), damper_s=0.05
    ),
    "sub bass": Held(basses.sub_bass(warmth=0.5)),
    "synth bass": Held(basses.filter_bass(open_hz=1500, rest=2.0, close_s=0.16, resonance=0.35)),
    "acid bass": Held(
        basses.filter_bass(open_hz=2800, rest=2.6, close_s=0.11, resonance=1.0, drive=2.0)
    ),
    "grinding bass": Held(
        basses.filter_bass(open_hz=2200, rest=5.0, close_s=0.35, resonance=0.3, drive=4.0)
    ),
    "soft pad": Held(bowed.ensemble(attack_s=0.9, release_s=1.4, dark_hz=500, bright_hz=1300)),
    "warm pad": Held(bowed.ensemble(attack_s=0.35, release_s=0.9, dark_hz=600, bright_hz=2000)),
    "glass pad": Held(
        bowed.ensemble(
            attack_s=1.1, release_s=1.8, dark_hz=700, bright_hz=3200, slope=1.7, spread_cents=6
        )
    ),
    "bright pad": Held(bowed.ensemble(attack_s=0.08, release_s=0.5, dark_hz=1200, bright_hz=5000)),
    "dark pad": Held(
        bowed.ensemble(attack_s=0.7, release_s=1.0, dark_hz=260, bright_hz=900, spread_cents=14)
    ),
    "strings": Held(
        bowed.ensemble(
            attack_s=0.28,
            release_s=0.5,
            dark_hz=1100,
            bright_hz=4500,
            voices=6,
            slope=1.1,
            air=0.05,
            resonances=bowed.SECTION_BODY,
        )
    ),
    "slow strings": Held(
        bowed.ensemble(
            attack_s=0.7,
            release_s=1.1,
            dark_hz=700,
            bright_hz=2300,
            voices=6,
            slope=1.15,
            air=0.04,
            resonances=bowed.SECTION_BODY,
        )
    ),
    "short strings": Held(
        bowed.ensemble(
            attack_s=0.018,
            release_s=0.1,
            dark_hz=2500,
            bright_hz=8000,
            voices=5,
            slope=0.85,
            air=0.12,
            resonances=bowed.SECTION_BODY,
        )
    ),
    "choir": Held(
        bowed.ensemble(
            attack_s=0.5,
            release_s=0.9,
            dark_hz=900,
            bright_hz=2600,
            voices=5,
            slope=1.3,
            spread_cents=12,
            air=0.05,
            resonances=bowed.CHOIR_BODY,
        )
    ),
    "reeds": Held(
        bowed.ensemble(
            attack_s=0.06,
            release_s=0.15,
            dark_hz=1500,
            bright_hz=3000,
            voices=2,
            spread_cents=5,
            odd_only=True,
        )
    ),
    "organ": Held(bowed.organ(drawbars=(6, 6, 8, 5, 2, 3, 0, 0, 2))),
    "soft organ": Held(bowed.organ(drawbars=(5, 0, 8, 3, 0, 0, 0, 0, 0), click=0.05)),
    "brass": Held(bowed.brass(bite=1.0)),
    "dark brass": Held(bowed.brass(bite=0.35)),
    "flute": Singing(
        lines.solo(
            harmonics=(1, 0.42, 0.2, 0.07, 0.03),
            attack_s=0.05,
            release_s=0.09,
            glide_s=0.025,
            vibrato_cents=14,
            breath=0.05,
        )
    ),
    "low flute": Singing(
        lines.solo(
            harmonics=(1, 0.55, 0.22, 0.1, 0.04),
            attack_s=0.08,
            release_s=0.15,
            glide_s=0.035,
            vibrato_cents=12,
            vibrato_hz=4.7,
            breath=0.08,
            brightness=0.65,
        )
    ),
    "clarinet": Singing(
        lines.solo(
            harmonics=(1, 0.06, 0.62, 0.05, 0.36, 0.05, 0.16, 0.04, 0.08),
            attack_s=0.045,
            release_s=0.09,
            glide_s=0.02,
            vibrato_cents=4,
            brightness=0.85,
            breath=0.012,
        )
    ),
    "cello": Singing(
        lines.solo(
            harmonics=tuple(1 / n for n in range(1, 17)),
            attack_s=0.09,
            release_s=0.16,
            glide_s=0.05,
            vibrato_cents=17,
            vibrato_hz=5.0,
            brightness=1.0,
            breath=0.012,
            resonances=lines.CELLO_BODY,
        )
    ),
    "violin": Singing(
        lines.solo(
            harmonics=tuple(1 / n**0.9 for n in range(1, 15)),
            attack_s=0.045,
            release_s=0.1,
            glide_s=0.03,
            vibrato_cents=19,
            vibrato_hz=5.8,
            brightness=1.05,
            breath=0.012,
            resonances=lines.VIOLIN_BODY,
        )
    ),
    "synth lead": Singing(
        lines.soft_lead(
            lines.solo(
                harmonics=tuple(1 / n for n in range(1, 13)),
                attack_s=0.012,
                release_s=0.09,
                glide_s=0.02,
                vibrato_cents=9,
                brightness=0.97,
                chorus_cents=6,
            ),
            4200,
        )
    ),
    "hollow lead": Singing(
        lines.solo(
            harmonics=(1, 0, 0.33, 0, 0.2, 0, 0.12),
            attack_s=0.02,
            release_s=0.14,
            glide_s=0.03,
            vibrato_cents=10,
            brightness=0.95,
            chorus_cents=5,
        )
    ),
    "angry lead": Singing(
        lines.solo(
            harmonics=tuple(1 / n**0.6 for n in range(1, 16)),
            attack_s=0.008,
            release_s=0.05,
            glide_s=0.03,
            vibrato_cents=22,
            vibrato_hz=6.2,
            brightness=0.98,
            chorus_cents=11,
        )
    ),
    "sticks": Kit(_STICK_KIT),
    "brushes": Kit(
        _STICK_KIT
        | {
            "kick": drums.louder(drums.kick(low_hz=56, sweep_hz=60, t60_s=0.28, click=0.12), -7),
            "snare": drums.louder(
                drums.shaken(low_hz=900, high_hz=7000, length_s=0.16, attack_s=0.006, pan=0.05), -6
            ),
            "sweep": drums.louder(
                drums.shaken(low_hz=1200, high_hz=6000, length_s=0.3, attack_s=0.18, pan=0.1), -12
            ),
        }
    ),
    "machine": Kit(
        _STICK_KIT
        | {
            "kick": drums.kick(low_hz=48, sweep_hz=220, t60_s=0.42, click=0.7, drive=1.6),
            "snare": drums.snare(tone_hz=175, wires_s=0.24, wires=0.95, low_hz=1800),
            "clap": drums.louder(drums.clap(pan=0.05), 3),
            "metal": drums.louder(drums.metal_hit(hz=340, t60_s=0.5, pan=0.4), -11),
        }
    ),
    "heavy": Kit(
        _STICK_KIT
        | {
            "kick": drums.kick(low_hz=46, sweep_hz=200, t60_s=0.4, click=1.0, drive=2.4),
            "snare": drums.snare(tone_hz=165, wires_s=0.34, wires=1.1, low_hz=1000),
            "low tom": drums.drum(hz=74, t60_s=0.8, bend=0.5, skin=0.4, pan=-0.35),
            "metal": drums.louder(drums.metal_hit(hz=260, t60_s=0.7, pan=0.4), -11),
        }
    ),
    "hands": Kit(
        {
            "kick": drums.drum(hz=72, t60_s=0.3, bend=0.25, skin=0.3, pan=0.0),
            "snare": drums.drum(hz=230, t60_s=0.12, bend=0.1, skin=1.3, pan=0.0),
            "conga": drums.louder(
                drums.drum(hz=200, t60_s=0.28, bend=0.08, skin=0.4, pan=0.35), -4
            ),
            "low conga": drums.louder(
                drums.drum(hz=150, t60_s=0.34, bend=0.08, skin=0.35, pan=0.2), -4
            ),
            "clap": drums.louder(drums.clap(pan=-0.1), 3),
            "shaker": drums.louder(
                drums.shaken(low_hz=4500, high_hz=11_000, length_s=0.07, attack_s=0.025, pan=-0.4),
                -10,
            ),
            "jingles": drums.louder(drums.jingles(pan=0.35), -2),
            "rim": drums.louder(drums.wood(hz=900, t60_s=0.07, pan=-0.25), -4),
            "block": drums.louder(drums.wood(hz=720, t60_s=0.12, pan=0.3), -6),
            "snap": drums.louder(drums.wood(hz=1700, t60_s=0.05, pan=0.2), -2),
        }
    ),
    "timpani": Kit(
        {
            "low": drums.drum(hz=65, t60_s=1.3, bend=0.06, skin=0.2, pan=-0.15),
            "high": drums.drum(hz=98, t60_s=1.1, bend=0.06, skin=0.2, pan=0.15),
            "taiko": drums.drum(hz=58, t60_s=0.9, bend=0.5, skin=0.7, pan=0.0),
            "side": drums.louder(drums.wood(hz=520, t60_s=0.1, pan=0.35), -4),
            "crash": drums.cymbal(t60_s=2.8, low_hz=2400, ring=0.45, pan=0.2),
        }
    ),
}
