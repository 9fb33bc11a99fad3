#!/bin/sh
# With curl and a shell; needs curl, grep and sed, no reader of JSON.
# VIDEO_BASE_URL, VIDEO_API_KEY and VIDEO_OUTPUT say where and with what; VIDEO_TASK_ID names a task that is there.
set -eu
pause=${VIDEO_PAUSE:-2}        # seconds between polls
deadline=${VIDEO_DEADLINE:-600} # seconds until a task is given up
timeout=${VIDEO_TIMEOUT:-30}  # seconds until a connection is there; an answer may take twice that
key="Authorization: Bearer $VIDEO_API_KEY"

work=$(mktemp -d "$VIDEO_OUTPUT.XXXXXX") # beside the output, so that the clip is there whole or not at all
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail() { echo "no clip: $1" >&2; exit 1; }

# Whole seconds: 0.5 is 1.
ceil() { case $1 in *.*) echo $((${1%%.*} + 1)) ;; *) echo "$1" ;; esac; }
longest=$((2 * $(ceil "$timeout"))) # for the whole of an answer: curl's own measure of silence is a slow one

# curl with time-outs. Nothing but HTTP, wherever a reply points to. It leaves the key behind where a redirect leads to
# another host or port.
ask() {
  curl -sS -L --max-redirs 10 --proto =http,https --connect-timeout "$timeout" --max-time "$longest" "$@"
}

# api ARGUMENTS...: the status in $code (000 when no whole answer came), the body in $work/reply, in one line and
# without quotes inside of texts, so that grep can read it.
api() {
  code=$(ask -H "$key" -D "$work/head" -o "$work/body" -w '%{http_code}' "$@") || code=000
  [ -s "$work/body" ] || : > "$work/body"
  tr '\n' ' ' < "$work/body" | sed 's/\\\\/_/g; s/\\"/_/g' > "$work/reply"
}

# top: the reply without the objects and lists inside of it.
top() { sed ':a
s/\(.\){[^{}]*}/\1null/
s/\[[^][{}]*\]/null/
ta' "$work/reply"; }

# text NAME: the text of that name on standard input, blanks around it and the escapes of JSON taken away.
text() {
  grep -o "\"$1\" *: *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4 |
    sed 's|\\/|/|g; s/\\u0026/\&/g; s/\\[nrt]/ /g; s/^ *//; s/ *$//'
}

# inside NAME: the object of that name in the reply.
inside() { grep -o "\"$1\" *: *{[^{}]*}" "$work/reply" | head -n 1; }

# film ARGUMENTS...: whether a whole film came; half of one, a page, or an error that came with 200 is none.
film() { ask -f -o "$work/clip" "$@" && [ "$(head -c 8 "$work/clip" | tail -c 4)" = ftyp ]; }

id=${VIDEO_TASK_ID:-}
if [ -z "$id" ]; then
  # Not tried again: the task may have been made all the same, and a second one costs money.
  api "$VIDEO_BASE_URL/videos" -F model=grok-video-3 -F prompt="a fox in the snow"
  case $code in 2??) id=$(top | text id) ;; esac
  [ -n "$id" ] || fail "create: $code"
fi
task=$VIDEO_BASE_URL/videos/$(printf %s "$id" |
  sed 's/%/%25/g; s:/:%2F:g; s/?/%3F/g; s/#/%23/g; s/ /%20/g; s/"/%22/g; s/</%3C/g; s/>/%3E/g; s/\[/%5B/g; s/\]/%5D/g')

# A bad answer is worth another poll, a key that is not good is not.
until=$(($(date +%s) + $(ceil "$deadline") + 1)) # this second has begun already
unknown=0
while :; do
  api "$task"
  case $code in
    401 | 403) fail "refused: $code" ;;
    400 | 404)
      unknown=$((unknown + 1)) # a new task may be unknown for a moment
      [ "$unknown" -lt 6 ] || fail "no such task" ;;
    429 | 503)
      after=$(tr -d '\r' < "$work/head" | sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]\{1,6\}\)$/\1/p' | tail -n 1)
      if [ -n "$after" ]; then
        [ "$(($(date +%s) + after))" -le "$until" ] || fail "asked to wait for $after seconds"
        sleep "$after"
      fi ;;
    2??)
      status=$(top | text status | tr '[:upper:]' '[:lower:]')
      case $status in
        completed | succeeded | success | done) break ;;
        failed | failure | cancelled | canceled | expired) fail "the task ended as $status: $(inside error)" ;;
      esac ;;
  esac
  [ "$(date +%s)" -lt "$until" ] || fail "the task did not end in time"
  sleep "$pause"
done

# The key is for the API alone, not for where the result lies. Without http in front it is a path of the API's host.
for url in "$(inside output | text url)" "$(top | text video_url)" "$(top | text url)" "$(inside detail | text url)"; do
  case $url in
    http://* | https://*) ;;
    /*) url=$(echo "$VIDEO_BASE_URL" | sed 's:^\([a-z]*\://[^/]*\).*:\1:')$url ;;
    *) continue ;;
  esac
  if film "$url"; then mv "$work/clip" "$VIDEO_OUTPUT"; exit 0; fi
done
tries=0
until film "$task/content" -H "$key"; do
  tries=$((tries + 1)) # it may come a little later than the end of the task
  [ "$tries" -lt 4 ] || fail "the task is completed, but its clip cannot be had"
  sleep 1 # and may ask for a second
done
mv "$work/clip" "$VIDEO_OUTPUT"
