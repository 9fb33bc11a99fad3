#!/bin/sh
# A client in a shell, with curl: create, poll, take the URL, else /content. Needs curl and sed.
#   VIDEO_BASE_URL=http://127.0.0.1:8080/v1 VIDEO_API_KEY=sk-any VIDEO_OUTPUT=clip.mp4 sh examples/curl_client.sh
set -eu
key="Authorization: Bearer $VIDEO_API_KEY"
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

id=${VIDEO_TASK_ID:-}
if [ -z "$id" ]; then
  id=$(curl -fsS "$VIDEO_BASE_URL/videos" -H "$key" -F "model=${VIDEO_MODEL:-grok-video-3}" -F prompt="a fox" | field id)
fi

tries=0
while :; do
  task=$(curl -fsS "$VIDEO_BASE_URL/videos/$id" -H "$key" || true)
  case $(printf %s "$task" | field status) in
    completed) break ;;
    failed | cancelled | expired) echo "the task ended without a clip: $task" >&2; exit 1 ;;
  esac
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo "the task did not end in time" >&2; exit 1; }
  sleep "${VIDEO_PAUSE:-0.05}"
done

url=$(printf %s "$task" | field video_url)
part="$VIDEO_OUTPUT.part"
film() { [ "$(head -c 8 "$part" | tail -c 4)" = ftyp ]; }
if { [ -n "$url" ] && curl -fsSL --max-time 5 "$url" -o "$part" && film; } ||
  { curl -fsSL --max-time 5 "$VIDEO_BASE_URL/videos/$id/content" -H "$key" -o "$part" && film; }; then
  mv "$part" "$VIDEO_OUTPUT"
else
  rm -f "$part"
  echo "the clip cannot be had" >&2
  exit 1
fi
