// A client that keeps the contract, with the fetch of Node 18 or newer: create, poll, take the URL in the documented
// order, else /content.
//   VIDEO_BASE_URL=http://127.0.0.1:8080/v1 VIDEO_API_KEY=sk-any VIDEO_OUTPUT=clip.mp4 node examples/fetch_client.mjs
import { writeFile } from "node:fs/promises";

const { VIDEO_BASE_URL: base, VIDEO_API_KEY: key, VIDEO_OUTPUT: output, VIDEO_TASK_ID } = process.env;
const PAUSE = Number(process.env.VIDEO_PAUSE ?? 2); // seconds between polls
const DEADLINE = Number(process.env.VIDEO_DEADLINE ?? 600); // seconds until a task is given up
const TIMEOUT = Number(process.env.VIDEO_TIMEOUT ?? 30); // seconds until an answer, or the clip, must be there
const LARGEST = 200 * 1024 * 1024; // bytes; a film that is larger never ends

const auth = { Authorization: `Bearer ${key}` }; // for the API alone, not for where the result lies
const pause = () => new Promise((done) => setTimeout(done, PAUSE * 1000));
const ask = (url, options) => fetch(url, { ...options, signal: AbortSignal.timeout(TIMEOUT * 1000) });

// Not tried again: the task may have been made all the same, and a second one costs money.
async function create() {
  const reply = await ask(`${base}/videos`, {
    method: "POST",
    headers: { ...auth, "Content-Type": "application/json" },
    body: JSON.stringify({ model: "grok-video-3", prompt: "a fox in the snow" }),
  });
  const body = await reply.text();
  const id = reply.ok ? JSON.parse(body).id : undefined;
  if (typeof id !== "string" || !id) throw new Error(`create: ${reply.status} ${body.slice(0, 200)}`);
  return id;
}

// The completed task. A bad answer is worth another poll, a key that is not good is not.
async function ended(taskUrl) {
  for (const deadline = Date.now() + DEADLINE * 1000; Date.now() < deadline; await pause()) {
    const reply = await ask(taskUrl, { headers: auth }).catch(() => null);
    if (reply?.status === 401 || reply?.status === 403) throw new Error(`refused: ${reply.status}`);
    const video = reply?.ok ? await reply.json().catch(() => null) : null;
    const status = String(video?.status).trim().toLowerCase();
    if (["completed", "succeeded", "success", "done"].includes(status)) return video;
    if (["failed", "failure", "cancelled", "canceled", "expired"].includes(status))
      throw new Error(`the task ended as ${status}: ${JSON.stringify(video.error)}`);
  }
  throw new Error("the task did not end in time");
}

// A whole film, or null: half of one, a page, or an error that came with 200 is none.
async function film(url, headers = {}) {
  try {
    const reply = await ask(new URL(url, base), { headers });
    const pieces = [];
    let size = 0;
    for await (const piece of reply.body) {
      pieces.push(piece);
      if ((size += piece.length) > LARGEST) return null;
    }
    const bytes = Buffer.concat(pieces);
    return reply.status === 200 && bytes.subarray(4, 8).toString("latin1") === "ftyp" ? bytes : null;
  } catch {
    return null;
  }
}

async function clipOf(taskUrl) {
  const video = await ended(taskUrl);
  for (const url of [video.output?.url, video.video_url, video.url, video.detail?.url]) {
    const clip = typeof url === "string" && url.trim() ? await film(url.trim()) : null;
    if (clip) return clip;
  }
  for (let tries = 0; tries < 4; tries++, await pause()) {
    // It may come a little later than the end of the task.
    const clip = await film(`${taskUrl}/content`, auth);
    if (clip) return clip;
  }
  throw new Error("the task is completed, but its clip cannot be had");
}

try {
  const id = VIDEO_TASK_ID || (await create());
  await writeFile(output, await clipOf(`${base}/videos/${encodeURIComponent(id)}`));
} catch (error) {
  console.error(`no clip: ${error.message}`);
  process.exitCode = 1;
}
