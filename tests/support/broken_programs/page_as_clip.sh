#!/bin/sh
# rule: check-body
# Takes whatever comes with 200 for the clip, a page or an error too: it does not look at what came.
set -u
key="Authorization: Bearer $VIDEO_API_KEY"
task=$VIDEO_BASE_URL/videos/$VIDEO_TASK_ID
for _ in $(seq 60); do
  reply=$(curl -sS -L --max-time 3 -H "$key" "$task" | tr -d '\n')
  status=$(echo "$reply" | grep -o '"status" *: *"[^"]*"' | head -n 1 | cut -d '"' -f 4)
  case $status in
    completed) break ;;
    failed | cancelled | expired) exit 1 ;;
  esac
  sleep "${VIDEO_PAUSE:-0.05}"
done
url=$(echo "$reply" | grep -o '"video_url" *: *"[^"]*"' | cut -d '"' -f 4)
if [ -n "$url" ]; then
  curl -sS -f -L --max-time 3 -o "$VIDEO_OUTPUT.part" "$url" || rm -f "$VIDEO_OUTPUT.part"
fi
if [ ! -e "$VIDEO_OUTPUT.part" ]; then
  curl -sS -f -L --max-time 3 -H "$key" -o "$VIDEO_OUTPUT.part" "$task/content" || { rm -f "$VIDEO_OUTPUT.part"; exit 1; }
fi
mv "$VIDEO_OUTPUT.part" "$VIDEO_OUTPUT"
