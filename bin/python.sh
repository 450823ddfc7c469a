# Finds a Python that is new enough; sourced by the scripts beside it.
charla_python() {
  local candidate
  for candidate in "${CHARLA_PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "charla: Python 3.11 or newer is needed and was not found: install it, or name it in CHARLA_PYTHON." >&2
  return 1
}
