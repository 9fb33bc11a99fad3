// With the fetch of Node 18 or newer: /content after the first URL that failed; gives up after a row of bad polls.
// VIDEO_BASE_URL, VIDEO_API_KEY and VIDEO_OUTPUT say where and with what; VIDEO_TASK_ID names a task that is there.
import { rename, rm, writeFile } from "node:fs/promises";

const { VIDEO_BASE_URL: base, VIDEO_API_KEY: key, VIDEO_OUTPUT: output, VIDEO_TASK_ID } = process.env;
const PAUSE = Number(process.env.VIDEO_PAUSE ?? 2); // seconds between polls
const DEADLINE = Number(process.env.VIDEO_DEADLINE ?? 600); // seconds until a task is given up
const TIMEOUT = Number(process.env.VIDEO_TIMEOUT ?? 30); // seconds of silence until a connection is given up
const LARGEST = 32 * 1024 * 1024; // bytes; a film that is larger never ends
const BAD_POLLS = 6; // in a row, until a task is given up

const auth = { Authorization: `Bearer ${key}` }; // fetch drops it where a redirect leads to another origin
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

// One request; `body` is null when no whole answer came within so many silent seconds.
async function ask(url, options = {}) {
  const control = new AbortController();
  let timer = setTimeout(() => control.abort(), TIMEOUT * 1000);
  try {
    const reply = await fetch(url, { ...options, signal: control.signal });
    const pieces = [];
    let size = 0;
    for await (const piece of reply.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(() => control.abort(), TIMEOUT * 1000);
      pieces.push(piece);
      if ((size += piece.length) > LARGEST) throw new Error("this has no end");
    }
    return { status: reply.status, ok: reply.ok, headers: reply.headers, body: Buffer.concat(pieces) };
  } catch (error) {
    return { status: 0, ok: false, headers: new Headers(), body: null, error };
  } finally {
    clearTimeout(timer);
    control.abort();
  }
}

// Wait before the same is asked again: as long as the service says, or so many seconds.
async function pause(reply, seconds) {
  const after = reply.headers.get("retry-after") ?? "";
  const asked = /^\d+$/.test(after) ? Number(after) : 0;
  if (asked > DEADLINE) throw new Error(`asked to wait for ${asked} seconds`);
  await sleep(Math.max(asked, seconds));
}

function json(reply) {
  try {
    return JSON.parse(reply.body.toString("utf8"));
  } catch {
    return null;
  }
}

// Not tried again: the task may have been made all the same, and a second one costs money.
async function create() {
  const reply = await ask(`${base}/videos`, {
    method: "POST",
    headers: { ...auth, "Content-Type": "application/json" },
    body: JSON.stringify({ model: "grok-video-3", prompt: "a fox in the snow" }),
  });
  const id = reply.ok ? json(reply)?.id : undefined;
  if (typeof id !== "string" || !id) throw new Error(`create: ${reply.status} ${reply.error ?? reply.body}`);
  return id;
}

async function ended(taskUrl) {
  let bad = 0;
  for (const deadline = Date.now() + DEADLINE * 1000; Date.now() < deadline; ) {
    const reply = await ask(taskUrl, { headers: auth });
    if (reply.status === 401 || reply.status === 403) throw new Error(`refused: ${reply.status}`);
    const video = reply.ok ? json(reply) : null;
    bad = reply.ok && (video || reply.status === 202) ? 0 : bad + 1;
    if (bad === BAD_POLLS) throw new Error(`${bad} bad answers in a row, the last one ${reply.status}`);
    const status = String(video?.status).trim().toLowerCase();
    if (["completed", "succeeded", "success", "done"].includes(status)) return video;
    if (["failed", "failure", "cancelled", "canceled", "expired"].includes(status))
      throw new Error(`the task ended as ${status}: ${JSON.stringify(video.error)}`);
    await pause(reply, PAUSE * (bad + 1));
  }
  throw new Error("the task did not end in time");
}

// A whole film, or null: half of one, a page, or an error that came with 200 is none.
function film({ status, body }) {
  return status === 200 && body?.subarray(4, 8).toString("latin1") === "ftyp" ? body : null;
}

async function clipOf(taskUrl) {
  const video = await ended(taskUrl);
  const urls = [video.output?.url, video.video_url, video.url, video.detail?.url];
  const url = urls.find((each) => typeof each === "string" && each.trim());
  if (url && URL.canParse(url.trim(), base)) {
    const clip = film(await ask(new URL(url.trim(), base)));
    if (clip) return clip;
  }
  for (let tries = 1; tries <= 4; tries++) {
    const reply = await ask(`${taskUrl}/content`, { headers: auth });
    const clip = film(reply);
    if (clip) return clip;
    if (reply.status === 401 || reply.status === 403) break;
    if (tries < 4) await pause(reply, PAUSE * 2 ** tries); // it may come a little later than the end of the task
  }
  throw new Error("the task is completed, but its clip cannot be had");
}

try {
  const id = VIDEO_TASK_ID || (await create());
  const clip = await clipOf(`${base}/videos/${encodeURIComponent(id)}`);
  try {
    await writeFile(`${output}.part`, clip);
    await rename(`${output}.part`, output);
  } finally {
    await rm(`${output}.part`, { force: true });
  }
} catch (error) {
  console.error(`no clip: ${error.message}`);
  process.exitCode = 1;
}
