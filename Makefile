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

# A program with the race detector in it sleeps for a second when it ends, and the tests start hundreds of them.
export GORACE ?= atexit_sleep_ms=10

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: page ## build everything; the program is bin/crosswalk
	$(GO) build ./...
	$(GO) build -o bin/crosswalk ./cmd/crosswalk

.PHONY: run
run: build ## build, then let the demo project's orders cross, with the playground on http://127.0.0.1:8080
	bin/crosswalk demo

.PHONY: test
test: lint compiler page ## lint, then every test with the race detector, in random order, then the page in a browser
	@[ -n "$(RACE)" ] || echo "no C compiler found: testing without the race detector"
	$(GO) test $(RACE) -shuffle=on -timeout=15m ./...
	cd engine/bench && $(GO) test ./...
	@$(MAKE) --no-print-directory browser

# The page is built into the program. Without npm the program says where its page would be, and how it is built.
PAGE_SOURCES := $(shell find playground/src playground/public -type f ! -name schema.d.ts) server/api/openapi.yaml \
  $(wildcard playground/*.js playground/*.json playground/*.html)

.PHONY: page
page: playground/dist/index.html

playground/dist/index.html: playground/node_modules $(PAGE_SOURCES)
	@if command -v npm >/dev/null; then \
	  cd playground && npm run --silent check && npm run --silent build; \
	else \
	  echo "no npm found: the program is built without its page"; \
	fi

playground/node_modules: playground/package-lock.json
	@if command -v npm >/dev/null; then cd playground && npm ci --silent --no-audit --no-fund && touch node_modules; fi

# Debian's Chromium is installed where that is allowed. Without one the tests of the page are skipped, and say so.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || [ -n "$${CHROMIUM:-}" ] || { \
	  command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || true

.PHONY: browser
browser: page chromium ## test the page of the real program in headless Chromium
	@if ! command -v npm >/dev/null; then echo "no npm found: the page is not tested"; \
	elif ! command -v chromium >/dev/null && [ -z "$${CHROMIUM:-}" ]; then echo "no Chromium found: the page is not tested"; \
	else $(GO) build -o bin/crosswalk ./cmd/crosswalk && mkdir -p playground/test-results && node playground/tests/run.js; fi

.PHONY: screenshots
screenshots: build chromium ## pictures of the page at 360, 1280 and 2560 px, light and dark, in playground/test-results
	node playground/tests/screenshots.js

# The TypeScript compiler that declarations are tested with. Without npm its tests are skipped, and say so.
TYPESCRIPT := scripting/tsc/testdata

.PHONY: compiler
compiler: $(TYPESCRIPT)/node_modules

$(TYPESCRIPT)/node_modules: $(TYPESCRIPT)/package-lock.json
	@if command -v npm >/dev/null && cd $(TYPESCRIPT) && npm ci --silent --no-audit --no-fund; then \
	  touch node_modules; \
	else \
	  echo "no npm, or no registry that it reaches: testing without the TypeScript compiler"; \
	fi

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

.PHONY: bench-flow
bench-flow: ## how fast documents cross on a store on the disk, beside the same calls in a bare loop; SPEED is how many, STOCKS=1000000 a stock list as well
	$(GO) test ./server/runtime/runner -run '^TestSpeed$$' -count=1 -v -timeout=60m -args -speed $(or $(SPEED),16000)
ifdef STOCKS
	$(GO) test ./server/runtime/runner -run '^TestStockStaysFlat$$' -count=1 -v -timeout=120m -args -stocks $(STOCKS)
endif

.PHONY: vuln
vuln: ## known vulnerabilities in what is called; asks the internet, so it is no part of test
	$(GOVULNCHECK) ./...
