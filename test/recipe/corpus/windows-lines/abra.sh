export A_VERSION=v1
