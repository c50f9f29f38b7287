// Keeps the page as the appliance is: applies every state it sends, and sends what is pressed.
// Without this script the same forms work by themselves.
"use strict";

document.documentElement.classList.add("scripted");

const byId = (id) => document.getElementById(id);
const banner = byId("connection");

function say(id, text) {
  const element = byId(id);
  if (element && element.textContent !== text) element.textContent = text;
}

// Writes a message; what it sets between backticks is to be typed, and becomes code. The server's
// templates do the same.
function tell(element, message) {
  const pieces = message.split(/`([^`\n]+)`/);
  if (!element || element.textContent === pieces.join("")) return;
  const nodes = pieces.map((piece, index) => {
    if (index % 2 === 0) return piece;
    const code = document.createElement("code");
    code.textContent = piece;
    return code;
  });
  element.replaceChildren(...nodes.filter((node) => node !== ""));
}

function show(id, isShown) {
  byId(id)?.classList.toggle("off", !isShown);
}

function set(element, name, value) {
  if (element && element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// ---- the map: the same place as the server's templates give

const across = (valence) => (160 + valence * 136).toFixed(1);
const down = (arousal) => (112 - arousal * 88).toFixed(1);

function place(id, point) {
  show(id, Boolean(point));
  if (point) set(byId(id), "transform", `translate(${across(point.valence)} ${down(point.arousal)})`);
}

function drawMap(mood, target, track) {
  place("map-mood", mood);
  place("map-target", target);
  place("map-track", track);
  const way = byId("map-way");
  show("map-way", Boolean(mood));
  if (mood) {
    set(way, "x1", across(mood.valence));
    set(way, "y1", down(mood.arousal));
    set(way, "x2", across(target.valence));
    set(way, "y2", down(target.arousal));
    say("feel-mood", mood.feel);
  }
  show("legend-mood", Boolean(mood));
  show("legend-track", Boolean(track));
  say("feel-target", target.feel);
  if (track) say("feel-track", track.feel);
}

// ---- the state

function clockTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function drawTrack(track) {
  show("track", Boolean(track));
  show("why", Boolean(track));
  show("more", Boolean(track));
  if (!track) return;
  say("track-title", track.title);
  say("track-by", [track.artist, track.album].filter(Boolean).join(" · "));
  say("track-why", track.why);
  say("track-position", clockTime(track.position_s));
  say("track-duration", track.duration_s ? clockTime(track.duration_s) : "");
  set(byId("track-progress"), "max", track.duration_s || 1);
  set(byId("track-progress"), "value", track.duration_s ? track.position_s : 0);
  set(byId("like"), "aria-pressed", track.is_liked);
  set(byId("like"), "value", track.is_liked ? "unlike" : "like");
  for (const entry of document.querySelectorAll("input[name=track_id]")) {
    entry.value = track.track_id;
  }
}

function drawSwitch(id, isOn) {
  set(byId(id), "aria-checked", isOn);
  set(byId(id), "value", !isOn);
}

function drawTried(lines) {
  show("tried-fold", lines.length > 0);
  const list = byId("tried");
  if (!list || [...list.children].map((item) => item.textContent).join("\n") === lines.join("\n")) return;
  list.replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
}

// What a hand has just chosen stays, until what it asked for can be in the state.
const TOUCHED_MS = 700;
let volumeTouched = -Infinity;
let steeringSaid = "";
let steeringTimer = 0;

function drawMusic(music) {
  tell(byId("music-line"), music.line);
  drawSwitch("music", music.is_on);
  drawTrack(music.track);
  if (performance.now() - volumeTouched > TOUCHED_MS) {
    const volume = byId("volume");
    if (volume) volume.value = music.volume_pct;
    say("volume-pct", `${music.volume_pct} %`);
  }
  say("quiet", music.quiet);
  show("quiet", music.quiet !== "");
  say("ducked-by", music.ducked_by.join(", "));
  set(byId("ducked")?.querySelector("button"), "value", music.ducked_by.join(","));
  show("ducked", music.ducked_by.length > 0);
  say("way-step", music.step ? `step ${music.step} of ${music.steps}` : "");
  drawTried(music.tried);
  const left = music.sleep_left_min;
  say("sleep-left", left === null ? "off" : `ends in ${left} min`);
  steeringSaid = music.mode === "shift" ? music.goal : music.mode;
  if (!steeringTimer) drawSteering(steeringSaid);
}

function drawSteering(steering) {
  for (const pill of document.querySelectorAll("input[name=steering]")) {
    pill.checked = pill.value === steering;
  }
  for (const words of document.querySelectorAll("[data-steering]")) {
    words.hidden = words.dataset.steering !== steering;
  }
}

// A bar without a value is one that only says that something goes on.
function drawProgress(id, progress) {
  show(id, Boolean(progress));
  if (!progress) return;
  say(`${id}-line`, progress.line);
  const bar = byId(`${id}-bar`);
  if (!progress.total) return bar?.removeAttribute("value");
  set(bar, "max", progress.total);
  set(bar, "value", Math.min(progress.done, progress.total));
}

let faultsDrawn = null;

function drawFaults(parts) {
  const faults = parts.filter((part) => part.state === "fault");
  const list = byId("faults");
  const asText = JSON.stringify(faults);
  if (list && asText !== faultsDrawn) {
    faultsDrawn = asText;
    list.replaceChildren(
      ...faults.map((part) => {
        const item = byId("fault").content.cloneNode(true);
        item.querySelector("b").textContent = part.title;
        tell(item.querySelector("span"), part.message);
        return item;
      }),
    );
  }
  for (const part of parts) {
    const row = document.querySelector(`[data-part="${part.part}"]`);
    if (!row) continue;
    set(row, "data-state", part.state);
    tell(row.querySelector(".part-message"), part.message);
  }
  show("all-well", faults.length === 0);
  show("not-well", faults.length > 0);
}

function draw(state) {
  if (byId("sentence")) {
    say("sentence", state.room.sentence);
    say("hint", state.room.hint);
    show("hint", Boolean(state.room.hint));
    document.title = `${state.room.sentence} · SoulSync Edge`;
    drawMap(state.room.mood, state.music.target, state.music.track && state.music.track.place);
    drawMusic(state.music);
    say("library-tracks", counted(state.library.tracks, "track"));
    say("library-skipped", counted(state.library.skipped, "file"));
    show("library-skipped-line", state.library.skipped > 0);
    tell(byId("library-notice"), state.library.notice);
    show("library-notice", state.library.notice !== "");
  }
  drawProgress("library-scan", state.library.scan);
  drawProgress("library-listening", state.library.listening);
  drawSwitch("camera", state.camera.is_on);
  show("camera-open", state.camera.is_on);
  show("camera-closed", !state.camera.is_on);
  drawFaults(state.parts);
}

// ---- the connection: comes back by itself, and says so while it is gone

const SILENCE_MS = 35000; // two missed signs of life, one every 15 s
let events = null;
let retryMs = 1000;
let retryTimer = 0;
let silenceTimer = 0;

function heard() {
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(lost, SILENCE_MS);
  retryMs = 1000;
  if (banner.dataset.now === "lost") clearBanner();
}

function clearBanner() {
  banner.dataset.now = "";
  banner.textContent = "";
}

function lost() {
  events?.close();
  events = null;
  clearTimeout(silenceTimer);
  clearTimeout(retryTimer);
  banner.dataset.now = "lost";
  if (banner.textContent !== banner.dataset.lost) banner.textContent = banner.dataset.lost;
  retryTimer = setTimeout(connect, retryMs);
  retryMs = Math.min(retryMs * 1.5, 10000);
}

function connect() {
  clearTimeout(retryTimer);
  events?.close();
  events = new EventSource("/api/events");
  events.addEventListener("state", (event) => {
    heard();
    draw(JSON.parse(event.data));
  });
  events.addEventListener("beat", heard);
  events.addEventListener("error", lost);
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(lost, SILENCE_MS);
}

if ("live" in document.body.dataset) {
  connect();
  // A phone that slept may have missed the end of its connection.
  addEventListener("online", connect);
  document.addEventListener("visibilitychange", () => document.hidden || connect());
  addEventListener("pagehide", () => events?.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
}

// ---- what is pressed

// Sends a wish; gives back whether it arrived.
async function ask(command, wish) {
  try {
    const answer = await fetch(`/api/commands/${command}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
    if (!answer.ok) throw new Error(answer.statusText);
    if (banner.dataset.now === "refused") clearBanner();
    return true;
  } catch {
    if (banner.dataset.now === "lost") return false;
    banner.dataset.now = "refused";
    banner.textContent = banner.dataset.refused;
    return false;
  }
}

const NOTED_MS = 10000;
let notedTimer = 0;

// Says that something was taken in, long enough to be read.
function note(words) {
  say("noted", words);
  clearTimeout(notedTimer);
  notedTimer = setTimeout(() => say("noted", ""), NOTED_MS);
}

const WISHES = {
  judge: (button) => [{ track_id: button.form.elements.track_id.value, opinion: button.value }],
  sleep: (button) => [{ minutes: Number(button.value) }],
  ducking: (button) => button.value.split(",").map((by) => ({ by, is_on: false })),
};

function wishesOf(button) {
  if (button.name === "is_on") return [{ is_on: button.value === "true" }];
  return WISHES[button.dataset.command]?.(button) ?? [{}];
}

for (const button of document.querySelectorAll("button[data-command]")) {
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    for (const wish of wishesOf(button)) {
      if ((await ask(button.dataset.command, wish)) && button.dataset.noted) {
        note(button.dataset.noted);
      }
    }
  });
}

for (const pill of document.querySelectorAll("input[name=steering]")) {
  pill.addEventListener("change", () => {
    drawSteering(pill.value);
    clearTimeout(steeringTimer);
    steeringTimer = setTimeout(() => {
      steeringTimer = 0;
      drawSteering(steeringSaid);
    }, TOUCHED_MS);
    if (pill.dataset.command === "mode") ask("mode", { mode: pill.value });
    else ask("goal", { goal: pill.value });
  });
}

const volume = byId("volume");
let volumeTimer = 0;

volume?.addEventListener("input", () => {
  volumeTouched = performance.now();
  say("volume-pct", `${volume.value} %`);
  // While the slider moves, eight a second are enough to hear it follow.
  volumeTimer ||= setTimeout(() => {
    volumeTimer = 0;
    ask("volume", { volume_pct: Number(volume.value) });
  }, 125);
});

// A link to a setting opens the section it is in.
function openTarget() {
  const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
  const group = target && target.closest("details");
  if (group) {
    group.open = true;
    target.scrollIntoView({ block: "center" });
  }
}
addEventListener("hashchange", openTarget);
openTarget();
