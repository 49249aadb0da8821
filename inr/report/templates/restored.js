/* The page of an enlarged, filled or cleaned picture: what it was and what became of it, on both sides of a line. */
"use strict";

async function beforeAndAfter() {
  const parts = await Promise.all(pickAll(".stills").map((stills) => Promise.all(pickAll("img", stills).map(loadPicture))));
  // Of several ways to enlarge the first is the pixels as they are; a change is of interest against the second, bicubic.
  const left = { picture: 0, change: Math.min(1, parts[0].length - 2) };
  const now = { part: parts[0], left, mode: "picture", factor: 4, line: 0.5 };
  const size = () => [now.part[0].shown.width, now.part[0].shown.height];
  const camera = new Camera(...size());
  const maps = new Map();
  const before = () => now.left[now.mode];
  const after = () => now.part[now.part.length - 1];

  function change() {
    const key = `${parts.indexOf(now.part)} ${before()} ${now.factor}`;
    if (!maps.has(key)) maps.set(key, changeMap(...size(), now.part[before()].data, after().data, now.factor));
    return maps.get(key);
  }

  const pane = new Pane(pick("#canvas"), camera, (own) => {
    own.layer(now.part[before()].shown, 0, now.line);
    own.layer(now.mode === "picture" ? after().shown : change(), now.line, 1);
  });

  function say() {
    const left = now.part[before()].title;
    const right = now.mode === "picture" ? after().title : `${left} to ${after().title}`;
    pick("#left").value = before();
    pick("#left-shown").textContent = left;
    pick("#right-shown").textContent = right;
    pick("#canvas").setAttribute("aria-label", `Left of the line: ${left}; right of it: ${right}`);
    pick("#amplify").hidden = now.mode === "picture";
    pick("#factor").value = Math.log2(now.factor);
    pick("#factor-text").textContent = `× ${now.factor}`;
    const level = Math.max(1, Math.round(255 / now.factor));
    pick('[data-key="least"]').textContent = `darker by ${level}`;
    pick('[data-key="most"]').textContent = `brighter by ${level} levels`;
    pane.redraw();
  }

  document.body.classList.add("drawn");
  pick(".stage").hidden = false;
  paintRamps(document);
  zoomButtons(pick(".stage"), pane);
  dividingLine(pick(".line"), (share) => {
    now.line = share;
    pane.redraw();
  });
  pick("#left").addEventListener("change", (event) => {
    now.left.picture = now.left.change = Number(event.target.value);
    say();
  });
  pick("#view")?.addEventListener("change", (event) => {
    now.part = parts[Number(event.target.value)];
    camera.resize(...size());
    say();
  });
  pick("#factor").addEventListener("input", (event) => {
    now.factor = 2 ** Number(event.target.value);
    say();
  });
  for (const choice of pickAll('[name="mode"]')) {
    choice.addEventListener("change", () => {
      now.mode = choice.value;
      say();
    });
  }
  say();
  document.body.dataset.ready = "yes";
}

beforeAndAfter();
