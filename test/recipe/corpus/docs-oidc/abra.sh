environment() {
  local x="$(date)"
  echo "$x"
}
