"use strict";

// Seconds as 1.23, 2:05.1 or 3:00:12.
function timeText(seconds) {
  if (seconds < 60) return seconds.toFixed(2) + " s";
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = (seconds % 60).toFixed(hours ? 0 : 1);
  const padded = (rest < 10 ? "0" : "") + rest;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
}

// What lies under a point of a picture: the time, the class, and the events of it.
function under(known, x, y) {
  const number = known.panels.findIndex(([x0, y0, x1, y1]) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
  if (number < 0) return null;
  const [x0, y0, x1, y1] = known.panels[number];
  const time = known.duration * (x - x0) / (x1 - x0);
  const isSound = known.hasSound && number === 0;
  const lane = isSound ? -1 : Math.min(known.labels.length - 1,
    Math.floor(known.labels.length * (y - y0) / (y1 - y0)));
  const events = known.events.filter(([of, onset, offset]) =>
    onset <= time && time < offset && (isSound || of === lane));
  return { time, lane, events };
}

function describe(known, found) {
  const lines = [timeText(found.time)];
  if (found.lane >= 0) lines.push(known.labels[found.lane]);
  for (const [lane, onset, offset, probability] of found.events.slice(0, 8)) {
    const label = found.lane < 0 ? known.labels[lane] + " " : "";
    lines.push(`${label}${timeText(onset)} - ${timeText(offset)}, ${probability.toFixed(2)}`);
  }
  return lines.join("\n");
}

function activate(figure) {
  const svg = figure.querySelector("svg");
  const holder = figure.querySelector("script");
  const known = holder ? JSON.parse(holder.textContent) : { panels: [], labels: [], events: [] };
  const audio = figure.querySelector("audio");
  const whole = svg.viewBox.baseVal;
  const full = [whole.x, whole.y, whole.width, whole.height];
  let view = full.slice();
  let drag = null;

  const point = (event) => {
    const box = svg.getBoundingClientRect();
    return [view[0] + view[2] * (event.clientX - box.left) / box.width,
      view[1] + view[3] * (event.clientY - box.top) / box.height];
  };
  const show = () => {
    view[2] = Math.min(view[2], full[2]);
    view[3] = Math.min(view[3], full[3]);
    for (const k of [0, 1]) {
      view[k] = Math.max(full[k], Math.min(view[k], full[k] + full[k + 2] - view[k + 2]));
    }
    svg.setAttribute("viewBox", view.join(" "));
  };

  const hint = document.createElement("div");
  hint.className = "hint";
  hint.hidden = true;
  figure.append(hint);

  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = point(event);
    const factor = Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY / 500)));
    view = [x - (x - view[0]) * factor, y - (y - view[1]) * factor, view[2] * factor, view[3] * factor];
    show();
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    drag = { at: point(event), moved: false };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointerup", (event) => {
    const found = under(known, ...point(event));
    if (drag && !drag.moved && found && audio) {
      audio.currentTime = found.time;
      audio.play();
    }
    drag = null;
  });
  svg.addEventListener("pointermove", (event) => {
    const at = point(event);
    if (drag) {
      const moved = [drag.at[0] - at[0], drag.at[1] - at[1]];
      drag.moved = drag.moved || Math.hypot(...moved) > view[2] / 200;
      if (drag.moved) {
        view[0] += moved[0];
        view[1] += moved[1];
        show();
      }
    }
    const found = under(known, ...at);
    hint.hidden = !found;
    if (found) {
      hint.textContent = describe(known, found);
      hint.style.left = Math.min(event.clientX + 14, innerWidth - hint.offsetWidth - 8) + "px";
      hint.style.top = Math.min(event.clientY + 14, innerHeight - hint.offsetHeight - 8) + "px";
    }
  });
  svg.addEventListener("pointerleave", () => { hint.hidden = true; });
  svg.addEventListener("dblclick", () => { view = full.slice(); show(); });

  if (audio && known.panels.length) {
    audio.addEventListener("error", () => audio.remove());
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    const panels = known.panels;
    line.setAttribute("y1", panels[0][1]);
    line.setAttribute("y2", panels[panels.length - 1][3]);
    line.setAttribute("stroke", "#d55e00");
    line.setAttribute("visibility", "hidden");
    svg.append(line);
    const follow = () => {
      const [x0, , x1] = panels[0];
      const x = x0 + (x1 - x0) * Math.min(1, audio.currentTime / known.duration);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      line.setAttribute("visibility", "visible");
      if (!audio.paused) requestAnimationFrame(follow);
    };
    audio.addEventListener("play", follow);
    audio.addEventListener("seeked", follow);
  }
}

if (typeof document !== "undefined") document.querySelectorAll("figure").forEach(activate);
