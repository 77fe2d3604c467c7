# Both commands of the README on a machine that has next to nothing: make test-bare (as root).
.PHONY: test-bare

test-bare:  ## make catdog and make test in a minimal Debian, as a user who is not root
	bash .ci/bare.sh
