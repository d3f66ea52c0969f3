# Everything a person types here is in `make help`.
SHELL := /bin/bash
export CGO_ENABLED := 0
export PATH := $(CURDIR)/.cache/node/bin:$(PATH)

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -buildid= -X github.com/asepsis/asepsis/internal/cli.Version=$(VERSION)
TOOL := go tool -modfile=tools/go.mod

.PHONY: help run test check bench build ui setup setup-test fmt lint race e2e fuzz clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: build ## build, then serve on 127.0.0.1:7300 and print a set-up link
	./bin/asepsis serve

test: setup-test ui ## every test, browser tests included
	go vet ./...
	go test $$(go list ./... | grep -v /test/e2e)
	go test -count=1 ./test/e2e # it builds the binary itself, which the test cache does not see
	cd ui && npm test --silent

build: ui ## bin/asepsis with the pages in it
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/asepsis ./cmd/asepsis

ui: setup ## the pages, from ui/ into internal/web/dist
	@scripts/ui.sh

setup: ## install what building needs and is missing (Node.js)
	@scripts/setup.sh build

setup-test: ## install what the tests need and is missing (Chromium, OpenSSL, nmap, sshd)
	@scripts/setup.sh test

check: fmt lint race e2e reproducible ## what CI runs beyond the tests, cheapest first

fmt:
	@out=$$($(TOOL) gofumpt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not formatted:"; echo "$$out"; exit 1; fi

lint: ## golangci-lint where it is installed, else vet and staticcheck
	@if command -v golangci-lint >/dev/null; then golangci-lint run ./...; else go vet ./... && $(TOOL) staticcheck ./...; fi

race: ## the tests that share state between goroutines, under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race ./internal/...

e2e: build setup-test ## the built binary and a real browser
	go test -count=1 ./test/e2e

.PHONY: reproducible
reproducible: ## build twice and compare
	@go build -trimpath -ldflags '$(LDFLAGS)' -o /tmp/asepsis-a ./cmd/asepsis && go build -a -trimpath -ldflags '$(LDFLAGS)' -o /tmp/asepsis-b ./cmd/asepsis \
	  && cmp /tmp/asepsis-a /tmp/asepsis-b && echo "two builds, the same bytes" ; rm -f /tmp/asepsis-a /tmp/asepsis-b

bench: build ## the figures in docs/benchmarks.md
	scripts/bench.sh

fuzz: ## every fuzz target for 20 seconds
	scripts/fuzz.sh 20s

clean: ## remove what make made
	rm -rf bin .cache ui/node_modules internal/web/dist/assets internal/web/dist/index.html
