# Run with: abra app cmd <app-domain> app <name>

# Adds to the index what the folders know: after files were put back by hand.
reindex() {
  /opt/cc-ci/bin/cc-ci reindex --server http://127.0.0.1:8080 --token-file /run/secrets/operator
}

# enroll NAME [options]: ORG/REPO, or ORG for all of it.
enroll() {
  /opt/cc-ci/bin/cc-ci enroll "$@" --server http://127.0.0.1:8080 --token-file /run/secrets/operator
}
