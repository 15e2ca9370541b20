# No forge is called in a test: nothing is enrolled. The token only has to be there, and to look like one.
printf '%s' "a-token-of-nobody-$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')" | app-secret forge_token -
