# SPDX-License-Identifier: Apache-2.0
#
# The front door. Meson does the work; each door first fetches what it needs.
#
#   make                  release build: build/release/holdfast
#   make dev              ASan, UBSan, -Werror: build/dev/holdfast
#   make demo             a story on real name servers, under a minute
#   make test             everything; the last line counts the results
#   make check            all that needs no name server, under a minute
#   make lint             style, analysers, layers, requirements, manual pages
#   make fuzz FUZZ_S=60   every fuzz target for so many seconds
#   make bench            figures, beside those of peers and of the machine
#   make coverage         lines of src/spec that tests reach: all of them
#   make valgrind         tests under memcheck
#   make install PREFIX=/usr/local DESTDIR=
#   make uninstall        the same files; keys, certificates, states stay
#   make dist, make clean
PREFIX ?= /usr/local
FUZZ_S ?= 60

setup_release = --buildtype=debugoptimized
setup_dev = --buildtype=debug -Doptimization=g -Dhardening=false \
	-Dwerror=true -Db_sanitize=address,undefined
setup_lint = --buildtype=debug -Dhardening=false -Dwerror=true
setup_fuzz = --buildtype=debug -Doptimization=1 -Dhardening=false \
	-Dfuzz=true -Dtests=disabled -Db_lundef=false \
	-Db_sanitize=address,undefined
setup_coverage = --buildtype=debug -Dhardening=false -Db_coverage=true
lint fuzz: export CC = clang

SHELL = /bin/bash
.SHELLFLAGS = -o pipefail -c

# Ninja and the scripts run in parallel; the doors open one after another.
.NOTPARALLEL:
.SECONDARY:
.PHONY: all dev demo test check lint fuzz bench coverage valgrind install \
	uninstall dist clean

all check install dist: deps-build built-release
dev: deps-build built-dev
coverage: deps-build deps-dev built-coverage
lint: deps-build deps-dev built-lint
fuzz: deps-build deps-dev built-fuzz
uninstall: build/release/build.ninja
test valgrind: deps-build deps-test built-release
demo: deps-build deps-demo built-release
bench: deps-build deps-bench built-release

demo:
	@demo/run build/release/holdfast
test:
	@tools/peers build/peers
	@tools/run-tests build/release
check:
	@tools/run-tests build/release --no-suite peer
lint:
	@tools/lint build/lint
fuzz:
	@tools/run-fuzz build/fuzz $(FUZZ_S)
bench:
	@bench/run build/release
coverage:
	@tools/run-coverage build/coverage
valgrind:
	@tools/run-tests build/release --no-suite peer --no-suite fuzz \
		--timeout-multiplier 20 --wrap $(CURDIR)/tools/memcheck
install:
	@meson configure build/release -Dprefix=$(abspath $(PREFIX))
	@meson install -C build/release \
		$(if $(DESTDIR),--destdir=$(abspath $(DESTDIR)))
uninstall:
	@meson configure build/release -Dprefix=$(abspath $(PREFIX))
	@ninja -C build/release build.ninja >build/release/setup.log
	@tools/uninstall build/release $(if $(DESTDIR),$(abspath $(DESTDIR)))
dist:
	@meson dist -C build/release --no-tests
clean:
	@rm -rf build

deps-%:
	@tools/deps $*
built-%: build/%/build.ninja
	@ninja --quiet -C build/$* | sed -e '/^ninja: no work/d' \
		-e '/^The Meson build/,/^Cleaning/{/ERROR/!d}'
build/%/build.ninja:
	@mkdir -p $(@D)
	@meson setup $(@D) $(setup_$*) >$(@D)/setup.log 2>&1 || \
		{ cat $(@D)/setup.log; exit 1; }
