#!/bin/sh
# A client that keeps the contract, in a shell: create, poll, take the URL, else /content. Needs curl, grep and sed.
#   VIDEO_BASE_URL=http://127.0.0.1:8080/v1 VIDEO_API_KEY=sk-any VIDEO_OUTPUT=clip.mp4 sh examples/curl_client.sh
# Of the four places of the URL it reads video_url alone: the others want a reader of JSON. /content makes up for it.
set -eu
pause=${VIDEO_PAUSE:-2}         # seconds between polls
deadline=${VIDEO_DEADLINE:-600} # seconds until a task is given up
timeout=${VIDEO_TIMEOUT:-30}    # seconds of silence until a connection is given up
key="Authorization: Bearer $VIDEO_API_KEY"

work=$(mktemp -d "$VIDEO_OUTPUT.XXXXXX") # beside the output, so that the clip is there whole or not at all
trap 'rm -rf "$work"' EXIT

fail() { echo "no clip: $1" >&2; exit 1; }

# curl with time-outs; silence is fewer than a byte a second.
ask() { curl -sS --connect-timeout "$timeout" --speed-limit 1 --speed-time "$timeout" --max-time "$deadline" "$@"; }

# api ARGUMENTS...: the status in $code (000 when no whole answer came), the body in $work/reply.
api() { code=$(ask -H "$key" -o "$work/reply" -w '%{http_code}' "$@") || code=000; }

# field NAME: the first text of that name in the reply.
field() {
  grep -o "\"$1\" *: *\"[^\"]*\"" "$work/reply" | head -n 1 | cut -d '"' -f 4 | sed 's|\\/|/|g; s/\\u0026/\&/g'
}

# film ARGUMENTS...: whether a whole film came; half of one, a page, or an error that came with 200 is none.
film() { ask -fL -o "$work/clip" "$@" && [ "$(head -c 8 "$work/clip" | tail -c 4)" = ftyp ]; }

id=${VIDEO_TASK_ID:-}
if [ -z "$id" ]; then
  # Not tried again: the task may have been made all the same, and a second one costs money.
  api "$VIDEO_BASE_URL/videos" -F model=grok-video-3 -F prompt="a fox in the snow"
  case $code in 2??) id=$(field id) ;; esac
  [ -n "$id" ] || fail "create: $code"
fi
task=$VIDEO_BASE_URL/videos/$(printf %s "$id" | sed 's/%/%25/g; s:/:%2F:g; s/?/%3F/g; s/#/%23/g; s/ /%20/g')

# A bad answer is worth another poll, a key that is not good is not.
until=$(($(date +%s) + deadline))
while :; do
  api "$task"
  case $code in
    401 | 403) fail "refused: $code" ;;
    2??)
      status=$(field status | tr '[:upper:]' '[:lower:]')
      case $status in
        completed | succeeded | success | done) break ;;
        failed | failure | cancelled | canceled | expired) fail "the task ended as $status: $(field message)" ;;
      esac ;;
  esac
  [ "$(date +%s)" -lt "$until" ] || fail "the task did not end in time"
  sleep "$pause"
done

# The key is for the API alone, not for where the result lies.
url=$(field video_url)
tries=0
[ -n "$url" ] && film "$url" || until film "$task/content" -H "$key"; do
  tries=$((tries + 1)) # it may come a little later than the end of the task
  [ "$tries" -lt 4 ] || fail "the task is completed, but its clip cannot be had"
  sleep "$pause"
done
mv "$work/clip" "$VIDEO_OUTPUT"
