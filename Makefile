# Latchkey. `make help` lists the targets.
SHELL := /bin/bash
export CGO_ENABLED ?= 0
GO ?= go
TOOL = $(GO) tool -modfile=tools/go.mod
PACKAGES ?= ./...
# what is measured at the size of a large partner
SIZED = access|access/estate|access/estate/snapshot|access/factlines|access/diff
TESTFLAGS ?=

.PHONY: help demo tour build test race cover clients worlds differential hunt bench peers golden fmt vet lint check deps clean

help: ## say what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

demo: ## run the demo: emulator, portal, mail page, made-up partner
	$(GO) run ./cmd/latchkey demo

tour: ## play the whole story in the terminal
	$(GO) run ./cmd/latchkey demo --tour

build: ## build the one static binary
	$(GO) build -trimpath -ldflags='-s -w' -o bin/latchkey ./cmd/latchkey

deps: ## install what the tests need (Debian, as root), or say what is missing
	@bash tools/test-deps.sh

test: deps ## run every test, PostgreSQL and the headless browser included
	$(GO) test -timeout 10m $(TESTFLAGS) $(PACKAGES)

race: deps ## the same with the race detector (needs a C compiler); the longest tables are sampled
	CGO_ENABLED=1 $(GO) test -race -short -timeout 15m $(TESTFLAGS) $(PACKAGES)

clients: ## hold the emulator against real clients: Azure CLI, Azure SDKs, relying parties, curl
	@bash tools/client-deps.sh
	LATCHKEY_CLIENTS=1 $(GO) test -count=1 -timeout 20m $(TESTFLAGS) ./emulator/clients

cover: ## statement coverage of the vocabulary and the engine
	$(GO) test -coverprofile=coverage.out ./csp/... ./access/... && $(GO) tool cover -func=coverage.out | tail -n 1

worlds: ## hold the engine against the plain reading on ten thousand random worlds
	$(GO) test ./access -run 'TheEngineAgrees|PathsGive' -rapid.checks=10000 -timeout 10m

differential: ## hold the emulator against the engine on two thousand random worlds, a tenth of them by the official client
	$(GO) test ./internal/differential -count=1 -worlds 2000 -timeout 10m

hunt: ## the random worlds again, other ones each time, until something is found
	while $(GO) test ./access -run 'TheEngineAgrees|PathsGive' -rapid.checks=10000 -rapid.seed=$$(date +%s%N) -timeout 30m; do :; done

bench: ## run the benchmarks, the engine's at the full size (a few minutes, 2 GB of memory)
	$(GO) test -run '^$$' -bench . -benchmem $$($(GO) list $(PACKAGES) | grep -vxE 'latchkey/($(SIZED))')
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m -p 1 $(addprefix ./,$(subst |, ,$(SIZED))) -args -large

peers: ## put the engine beside OpenFGA, OPA, Cedar and Casbin
	$(MAKE) -C bench

golden: ## write golden files and the README's pictures anew
	$(GO) test ./internal/mail ./internal/web ./access/roleclass ./access/scenario ./access/finding/... ./access/picture ./access/suggest -update
	$(GO) test ./cmd/latchkey -run 'TheManualsExamples|AnswersForPrograms' -update
	mkdir -p docs/pictures && LATCHKEY_PICTURES=1 $(GO) test ./cmd/latchkey -run InABrowser -count=1

fmt: ## format
	$(TOOL) golangci-lint fmt

vet:
	$(GO) vet ./...

lint: ## formatting, vet, linters with the import arrows
	@unformatted=$$($(GO)fmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(TOOL) golangci-lint run ./...

check: lint ## everything that must hold before a change lands
	$(MAKE) test
	$(MAKE) worlds
	$(MAKE) differential
	$(MAKE) clients
	$(MAKE) race

clean: ## remove what was built
	rm -rf bin coverage.out
