# Sourced by the scripts beside it: keeps each answer and checks it. Needs curl and python3.
for needed in HOOKWELL CREDENTIALS RECEIVER; do
  [ -n "${!needed:-}" ] || { echo "$0: set $needed, as the head of this script says" >&2; exit 2; }
done
for needed in curl python3; do
  command -v "$needed" >/dev/null || { echo "$0: needs $needed" >&2; exit 2; }
done
answer="$(mktemp)"
status=
trap 'rm -f "$answer"' EXIT

# The printed commands begin with curl: this one keeps the answer and its status.
curl() {
  status="$(command curl --silent --show-error --max-time 40 --output "$answer" --write-out '%{http_code}' "$@")"
}

# expect STATUS [CONDITION]: the last answer's status, and a Python expression about its JSON `a`; `env` are the script's exported variables.
expect() {
  python3 - "$answer" "$status" "$1" "${2:-True}" <<'PYTHON' || { echo "$0:${BASH_LINENO[0]}: not as expected" >&2; exit 1; }
import json, os, sys
path, status, wanted, condition = sys.argv[1:]
text = open(path, encoding="utf-8").read()
if status != wanted:
    sys.exit(f"status {status}, expected {wanted}: {text}")
if not eval(condition, {"a": json.loads(text) if text else None, "env": os.environ}):
    sys.exit(f"not so: {condition}\n{text}")
PYTHON
}

# member NAME: of the last answer.
member() {
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$answer" "$1"
}

# until_so CONDITION COMMAND…: repeats a command until its answer is so, for half a minute.
until_so() {
  local condition="$1" left=150
  shift
  while ! { "$@" && (expect 200 "$condition") 2>/dev/null; }; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { expect 200 "$condition"; exit 1; }
    sleep 0.2
  done
}

# publish TYPE ID SURVEY STATUS: something happens at the platform. The key needs events:write.
publish() {
  curl --request POST "$HOOKWELL/api/v1/events" --header "Authorization: Bearer $CREDENTIALS" --header 'Content-Type: application/json' \
    --data-raw '{"specversion": "1.0", "source": "/faces", "id": "'"$2"'", "type": "'"$1"'", "data": {
      "participant": {"id": "p-1", "identifier": "P-0001"}, "survey": {"id": "'"$3"'", "name": "Intake"},
      "response": {"id": "r-1", "status": "'"$4"'"}}}'
  expect 202
}
