# The few commands of this project; `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO          ?= go
STATICCHECK := $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0
SOURCES     := $(wildcard cmd connectors engine mappings playground scripting server)

# The race detector is built with a C compiler. A machine without one still tests, and says so.
CGO_CC := $(shell command -v "$$($(GO) env CC)" 2>/dev/null)
RACE   := $(if $(CGO_CC),-race)

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: ## build everything; the program is bin/crosswalk
	$(GO) build ./...
	$(GO) build -o bin/crosswalk ./cmd/crosswalk

.PHONY: run
run: build ## build, then let the demo project's orders cross between two sandboxes
	bin/crosswalk demo

.PHONY: test
test: lint ## lint, then every test with the race detector, in random order
	@[ -n "$(RACE)" ] || echo "no C compiler found: testing without the race detector"
	$(GO) test $(RACE) -shuffle=on -timeout=6m ./...
	cd engine/bench && $(GO) test ./...

.PHONY: lint
lint: ## formatting, go vet, staticcheck, and whether go.mod is tidy
	@unformatted="$$(gofmt -l $(SOURCES))"; \
	if [ -n "$$unformatted" ]; then \
	  printf 'not formatted, run "make fmt":\n%s\n' "$$unformatted" >&2; exit 1; \
	fi
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(STATICCHECK) ./...
	cd engine/bench && $(GO) mod tidy -diff && $(GO) vet ./... && $(STATICCHECK) ./...

.PHONY: fmt
fmt: ## format the Go files
	gofmt -w $(SOURCES)

.PHONY: bench
bench: ## how fast mapping is beside its peers; BENCH=. runs Go's benchmarks, COUNT=10 gives benchstat something to compare
ifdef BENCH
	$(GO) test -run='^$$' -bench='$(BENCH)' -benchmem -count=$(or $(COUNT),1) ./...
	cd engine/bench && $(GO) test -run='^$$' -bench='$(BENCH)' -benchmem -count=$(or $(COUNT),1) ./...
else
	@cd engine/bench && $(GO) build -o ../../bin/bench . && ../../bin/bench -goals && echo && ../../bin/bench
endif

.PHONY: chaos
chaos: ## 10,000 orders through failing systems while the process is killed 50 times; SEED=7 repeats a run, ORDERS and KILLS change its size
	CROSSWALK_CHAOS_SEED=$(or $(SEED),$(shell date +%s)) CROSSWALK_CHAOS_ORDERS=$(or $(ORDERS),10000) CROSSWALK_CHAOS_KILLS=$(or $(KILLS),50) \
	  $(GO) test ./server/runtime/runner -run '^TestChaos$$' -count=1 -v -timeout=120m

.PHONY: vuln
vuln: ## known vulnerabilities in what is called; asks the internet, so it is no part of test
	$(GOVULNCHECK) ./...
