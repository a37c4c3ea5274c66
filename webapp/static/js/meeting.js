// The meeting: a tour that runs by itself and stops at a touch. All its screens come at once and
// are asked for again now and then, so that it goes on without network or server. One plain script:
// the file for a USB stick carries it inside.

(() => {
  const STOP_SECONDS = 12, IDLE_SECONDS = 60, WELCOME_SECONDS = 10, FLIGHT_MS = 1200;
  const ASK_SECONDS = 20, ANSWER_SECONDS = 10, RETRY_SECONDS = [5, 10, 20, 40, 60];
  const CLOSEST = 8;
  const stage = document.querySelector(".stage");
  const plan = stage.querySelector(".plan");
  const part = (name) => stage.querySelector(`[data-${name}]`);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let stops = [];
  let place = Number(stage.dataset.etape) - 1;
  // Nobody asked for movement who asked the system for calm.
  let paused = remembered("pause") ? remembered("pause") === "1" : calm.matches;
  let timer = 0, flight = 0, asking = 0, failures = 0, tag = "", since = null;
  let newest = -1;
  const waiting = [];

  function remembered(key) { try { return sessionStorage.getItem(key); } catch { return null; } }
  function remember(key, value) { try { sessionStorage.setItem(key, value); } catch { /* a file may not keep */ } }

  // --- what is shown --------------------------------------------------------------

  const nameOf = (scene) => `${scene.dataset.genre}/${scene.dataset.valeur}`;
  const sceneOf = (stop) => stop.querySelector(".scene");

  /** Take in the stops of a document, staying where we are. */
  function read(source) {
    const known = [...source.querySelectorAll(".stop")];
    if (!known.length) return;
    const here = nameOf(part("shown").firstElementChild);
    stops = known.map((stop) => document.importNode(stop, true));
    place = Math.max(0, stops.findIndex((stop) => nameOf(sceneOf(stop)) === here));
    put();
    greet([...source.querySelectorAll("[data-arrival]")]);
  }

  /** Put the words and dots of the stop at hand. */
  function put() {
    const stop = stops[place];
    const scene = sceneOf(stop).cloneNode(true);
    part("shown").replaceChildren(scene);
    plan.querySelector(".layer").replaceWith(stop.querySelector(".layer").cloneNode(true));
    part("where").textContent = `${place + 1} / ${stops.length}`;
    document.title = `${scene.querySelector("h1").textContent} – Réunion – Sourcing territorial`;
    for (const land of plan.querySelectorAll(".land")) land.classList.toggle("chosen", land.dataset.code === scene.dataset.valeur);
  }

  function show(next) {
    if (!stops.length) return;
    place = (next + stops.length) % stops.length;
    put();
    fly(sceneOf(stops[place]).dataset.vue.split(" ").map(Number));
    remember("etape", String(place));
    if (stage.dataset.visite) history.replaceState(null, "", `?etape=${place + 1}`);
  }

  const view = () => { const { x, y, width, height } = plan.viewBox.baseVal; return [x, y, width, height]; };

  /** Look at a rectangle of the ground; what is drawn on it keeps its size on the screen. */
  function look(at) {
    const scale = at[2] / Number(sceneOf(stops[place]).dataset.vue.split(" ")[2]);
    plan.setAttribute("viewBox", at.join(" "));
    for (const mark of plan.querySelector(".layer").children) {
      mark.dataset.scale ??= /scale\((.*)\)/.exec(mark.getAttribute("transform"))[1];
      mark.setAttribute("transform", mark.getAttribute("transform").replace(/scale\(.*\)/, `scale(${mark.dataset.scale * scale})`));
    }
  }

  function fly(to) {
    cancelAnimationFrame(flight);
    const from = view();
    if (calm.matches || from.every((value, i) => Math.abs(value - to[i]) < 1)) { look(to); return; }
    const start = performance.now();
    const step = (now) => {
      const part = Math.min(1, (now - start) / FLIGHT_MS);
      const eased = part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) ** 2;
      look(from.map((value, i) => value + (to[i] - value) * eased));
      if (part < 1) flight = requestAnimationFrame(step);
    };
    flight = requestAnimationFrame(step);
  }

  // --- time -------------------------------------------------------------------------

  function run(seconds = STOP_SECONDS) {
    clearTimeout(timer);
    stage.classList.remove("running");
    if (paused) return;
    if (seconds === STOP_SECONDS) {
      stage.offsetWidth; // restarts the bar's animation
      stage.classList.add("running");
    }
    timer = setTimeout(() => { show(place + 1); run(); say(); }, seconds * 1000);
  }

  /** Someone touches the screen or turns a page: it is hers for a minute. */
  function hold() {
    if (paused) return;
    run(IDLE_SECONDS);
    say("Reprise dans une minute");
  }

  function pause(value) {
    paused = value;
    remember("pause", value ? "1" : "0");
    part("pause").setAttribute("aria-pressed", String(value));
    part("pause-word").textContent = value ? "Reprendre" : "Pause";
    run();
    say();
  }

  function say(sentence = "") {
    const away = since && `Hors ligne depuis ${since.toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit" })}`;
    const told = [away, sentence].filter(Boolean).join(". ");
    if (part("state").textContent !== told) part("state").textContent = told;
  }

  const go = (step) => { show(place + step); hold(); };

  // --- news -------------------------------------------------------------------------

  /** Welcome those accepted since the last look, one after the other. */
  function greet(arrivals) {
    const known = newest;
    newest = Math.max(newest, 0, ...arrivals.map((each) => Number(each.dataset.arrival)));
    if (known < 0) return;
    const fresh = arrivals.filter((each) => Number(each.dataset.arrival) > known);
    waiting.push(...fresh.reverse().map((each) => document.importNode(each, true)));
    if (part("welcome").hidden) welcome();
  }

  function welcome() {
    const next = waiting.shift();
    part("welcome").hidden = !next;
    if (!next) return;
    part("welcome").replaceChildren("Bienvenue à ", ...next.childNodes);
    setTimeout(welcome, WELCOME_SECONDS * 1000);
  }

  async function ask() {
    clearTimeout(asking);
    try {
      const answer = await fetch(stage.dataset.visite, { cache: "no-cache", signal: AbortSignal.timeout(ANSWER_SECONDS * 1000) });
      if (!answer.ok) throw new Error(answer.statusText);
      if (answer.headers.get("etag") !== tag || !stops.length) {
        const copy = answer.clone();
        const news = new DOMParser().parseFromString(await answer.text(), "text/html");
        // The site was replaced by another version: this page's script is not its own any more.
        if (news.querySelector(".visit").dataset.site !== stage.dataset.site) { location.reload(); return; }
        read(news);
        tag = answer.headers.get("etag");
        kept?.then((store) => store.put(stage.dataset.visite, copy)).catch(() => {});
      }
      failures = 0;
      if (since) { since = null; say(); }
    } catch {
      failures += 1;
      since ??= new Date();
      say();
    }
    const seconds = failures ? RETRY_SECONDS[Math.min(failures, RETRY_SECONDS.length) - 1] : ASK_SECONDS;
    asking = setTimeout(ask, seconds * 1000 * (0.9 + Math.random() / 5));
  }

  // --- an outage --------------------------------------------------------------------

  // Where the last stops are kept for a reload without server; https only, or this very machine.
  const kept = stage.dataset.visite && globalThis.caches?.open("reunion");

  /** The stops as they were last known, at the one that was shown. */
  async function recall() {
    const answer = await kept?.then((store) => store.match(stage.dataset.visite)).catch(() => null);
    if (!answer) return;
    read(new DOMParser().parseFromString(await answer.text(), "text/html"));
    show(Number(remembered("etape")));
  }

  // --- hands: touch, mouse, keyboard, remote control ------------------------------------

  const fingers = new Map();
  let moved = 0;

  function onGround(point) {
    const at = new DOMPoint(point.x, point.y).matrixTransform(plan.getScreenCTM().inverse());
    return [at.x, at.y];
  }

  /** Zoom around a point of the screen, within reason. */
  function zoom(by, point) {
    const [x, y, width, height] = view();
    const whole = Number(sceneOf(stops[0]).dataset.vue.split(" ")[2]);
    const wanted = Math.min(whole * 1.2, Math.max(whole / CLOSEST / 4, width * by)) / width;
    const [left, top] = onGround(point);
    look([left - (left - x) * wanted, top - (top - y) * wanted, width * wanted, height * wanted]);
  }

  plan.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, event);
    moved = fingers.size > 1 ? Infinity : 0;
  });
  addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before || !stops.length) return;
    const others = [...fingers.values()].filter((finger) => finger.pointerId !== event.pointerId);
    fingers.set(event.pointerId, event);
    moved += Math.hypot(event.x - before.x, event.y - before.y);
    if (moved < 8) return;
    cancelAnimationFrame(flight);
    if (others.length) {
      const apart = (finger) => Math.hypot(finger.x - others[0].x, finger.y - others[0].y);
      zoom(apart(before) / Math.max(1, apart(event)), others[0]);
      return;
    }
    const [from, to] = [onGround(before), onGround(event)];
    const [x, y, width, height] = view();
    look([x + from[0] - to[0], y + from[1] - to[1], width, height]);
  });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, (event) => fingers.delete(event.pointerId));
  plan.addEventListener("click", ({ target }) => {
    const found = moved < 8 ? stops.findIndex((stop) => sceneOf(stop).dataset.valeur === target.dataset?.code && target.dataset.code) : -1;
    if (found >= 0) show(found);
  });
  plan.addEventListener("wheel", (event) => {
    if (!stops.length) return;
    event.preventDefault();
    cancelAnimationFrame(flight);
    zoom(1.0015 ** event.deltaY, event);
    hold();
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => { if (!event.target.closest(".bar")) hold(); });

  for (const link of document.querySelectorAll("[data-go]")) {
    link.addEventListener("click", (event) => { if (stops.length) { event.preventDefault(); go(Number(link.dataset.go)); } });
  }
  part("pause").addEventListener("click", () => pause(!paused));
  part("full").addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen();
  });
  const night = () => document.body.classList.toggle("dark");
  // Presenters' remotes send page keys or arrows, and "b" or "." for a dark screen.
  const KEYS = {
    " ": () => pause(!paused), f: () => part("full").click(), b: night, ".": night,
    ArrowRight: () => go(1), ArrowDown: () => go(1), PageDown: () => go(1), n: () => go(1),
    ArrowLeft: () => go(-1), ArrowUp: () => go(-1), PageUp: () => go(-1), p: () => go(-1),
    Home: () => { show(0); hold(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key]) return;
    if (event.target.closest("a, button") && event.key === " ") return;
    event.preventDefault();
    KEYS[event.key]();
  });

  /** The screen stays lit where the browser allows it. */
  async function stayLit() {
    try { await navigator.wakeLock?.request("screen"); } catch { /* refused: the room's own settings decide */ }
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { stayLit(); if (stage.dataset.visite) ask(); } });
  addEventListener("online", () => { if (stage.dataset.visite) ask(); });
  addEventListener("offline", () => { since ??= new Date(); say(); });

  async function begin() {
    stayLit();
    const inside = document.getElementById("visite");
    if (inside) {
      read(inside.content);
      const last = Number(remembered("etape"));
      if (last) show(last);
    } else {
      navigator.serviceWorker?.register(stage.dataset.garde, { scope: location.pathname }).catch(() => { /* refused: only a reload without server is lost */ });
      await ask();
      if (!stops.length) await recall();
    }
    pause(paused);
    stage.dataset.ready = "1";
  }
  begin();
})();
