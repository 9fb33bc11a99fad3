// A client for Node 18 or newer, with its own fetch: create, poll, take the URL in the documented order, else /content.
//   VIDEO_BASE_URL=http://127.0.0.1:8080/v1 VIDEO_API_KEY=sk-any VIDEO_OUTPUT=clip.mp4 node examples/fetch_client.mjs
import { writeFile } from "node:fs/promises";

const { VIDEO_BASE_URL: base, VIDEO_API_KEY: key, VIDEO_OUTPUT: output, VIDEO_TASK_ID, VIDEO_MODEL } = process.env;
const headers = { Authorization: `Bearer ${key}` };
const pause = () => new Promise((done) => setTimeout(done, Number(process.env.VIDEO_PAUSE ?? 0.05) * 1000));

async function film(url, headers) {
  try {
    const reply = await fetch(url, { headers, signal: AbortSignal.timeout(5000) });
    const bytes = Buffer.from(await reply.arrayBuffer());
    return reply.status === 200 && bytes.subarray(4, 8).toString("latin1") === "ftyp" ? bytes : null;
  } catch {
    return null;
  }
}

async function create() {
  const body = JSON.stringify({ model: VIDEO_MODEL ?? "grok-video-3", prompt: "a fox in the snow" });
  const reply = await fetch(`${base}/videos`, {
    method: "POST", body, headers: { ...headers, "Content-Type": "application/json" },
  });
  if (!reply.ok) throw new Error(`create: ${reply.status} ${await reply.text()}`);
  return (await reply.json()).id;
}

async function ended(id) {
  for (let tries = 0; tries < 100; tries++, await pause()) {
    const video = await fetch(`${base}/videos/${encodeURIComponent(id)}`, { headers })
      .then((reply) => reply.json())
      .catch(() => ({}));
    if (video.status === "completed") return video;
    if (["failed", "cancelled", "expired"].includes(video.status)) throw new Error(`the task is ${video.status}`);
  }
  throw new Error("the task did not end in time");
}

const id = VIDEO_TASK_ID || (await create());
const video = await ended(id);
let clip = null;
for (const url of [video.output?.url, video.video_url, video.url, video.detail?.url]) {
  if (!clip && typeof url === "string" && url) clip = await film(url, {});
}
clip ??= await film(`${base}/videos/${encodeURIComponent(id)}/content`, headers);
if (!clip) throw new Error("the clip cannot be had");
await writeFile(output, clip);
