#!/bin/sh
# rule: report-no-clip
# Does not look at how the last download ended, and so exits with 0 and without a file when there is no clip to be had.
set -u
key="Authorization: Bearer $VIDEO_API_KEY"
# It waits for the end and knows its ends, but leaves the result to curl.
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
[ -n "$url" ] && curl -sS -f -L --max-time 3 -o "$VIDEO_OUTPUT.part" "$url" && exec mv "$VIDEO_OUTPUT.part" "$VIDEO_OUTPUT"
curl -sS -f -L --max-time 3 -H "$key" -o "$VIDEO_OUTPUT.part" "$task/content" && mv "$VIDEO_OUTPUT.part" "$VIDEO_OUTPUT"
rm -f "$VIDEO_OUTPUT.part"
