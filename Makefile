# Plain "make" lists the targets. CONTRIBUTING.md says when to use which.

GO       ?= go
BIN      := bin

# Everything but the race detector is built without cgo, so that all targets share one build cache.
export CGO_ENABLED := 0

# How much a target does; override on the command line.
FUZZTIME  ?= 10s
BENCHTIME ?= 1s
NODES     ?= 10
SHARDS    ?= 100
EXPORT    ?= 50000

# Packages whose speed is worth a number, and packages where goroutines meet.
BENCH  := ./gf ./blake2x ./rs ./merkle ./redstuff ./blob ./bls ./bcs
RACE   := ./gf ./blake2x ./bcs ./bls ./rs ./merkle ./redstuff ./committee ./blob ./attest ./wire ./store/... ./ledger/... \
	./client ./node ./chain ./testnet
# Packages that choose a kernel by CPU, directly or one floor above.
KERNEL := ./gf/... ./blake2x/... ./rs ./merkle ./redstuff ./blob
KERNELS ?= generic avx2 gfni avx512

.DEFAULT_GOAL := help
.PHONY: help build install release test check fmt-check vet staticcheck rules race kernels purego \
	generate generate-diff fuzz bench bench-encode cover interop devnet demo crash-test walk epoch-figures export-figures figures \
	chain-figures chain-costs clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/walrus
	@mkdir -p $(BIN)
	$(GO) build -buildvcs=auto -o $(BIN)/walrus ./cmd/walrus

install: ## install walrus where go installs programs
	$(GO) install -buildvcs=auto ./cmd/walrus

release: ## build stripped, reproducible binaries for Linux and macOS into bin/
	@mkdir -p $(BIN)
	for os in linux darwin; do for arch in amd64 arm64; do \
		GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -buildvcs=auto -ldflags '-s -w' \
			-o $(BIN)/walrus-$$os-$$arch ./cmd/walrus || exit 1; done; done

demo: build ## start a network, store a file, stop nodes, read it back, compare
	NODES=$(NODES) SHARDS=$(SHARDS) $(GO) run ./internal/demo -walrus $(BIN)/walrus $(FILE)

crash-test: ## kill a network in the middle of writes, ten times, and read everything back
	WALRUS_CRASH_ROUNDS=10 $(GO) test -count=1 -run 'TestCrash$$' -v ./cmd/walrus

walk: ## play 2000 epochs of random transactions on 150 nodes, twice, and check every block (WALKFLAGS)
	GOGC=400 $(GO) test -count=1 -timeout 0 -run 'TestWalk$$' -v ./chain/chaintest \
		-walk.epochs 2000 -walk.ops 101 -walk.nodes 75 $(WALKFLAGS)

epoch-figures: ## measure what a change of epochs costs with up to a million blobs and print what docs/perf/chain.md holds
	$(GO) test -count=1 -timeout 0 -run TestEpochFigures ./chain/chaintest \
		-figures.stakes 1000,10000,100000 -figures.blobs 0,100000,1000000

export-figures: ## measure the export and import of a chain with EXPORT blobs
	$(GO) test -count=1 -timeout 0 -run TestExportFigures ./chain/chaintest -figures.export $(EXPORT)

figures: build ## measure a network on this machine and print what docs/perf/devnet.md holds
	$(GO) run ./internal/figures -walrus $(BIN)/walrus

chain-figures: ## measure what a chain takes in on this machine (AGAINST=PROGRAM compares with another build)
	$(GO) build -o $(BIN)/chainload ./internal/chainload
	$(BIN)/chainload $(if $(AGAINST),-against $(AGAINST))

chain-costs: ## measure what each kind of message costs, in gas and in processor's time
	WALRUS_COSTS=1 $(GO) test -count=1 -run 'TestCosts$$' -v ./chain/chaintest

devnet: build ## run a network on this machine until Ctrl-C
	$(BIN)/walrus devnet --nodes $(NODES) --shards $(SHARDS)

test: ## run all tests
	$(GO) test -shuffle=on -timeout 20m ./...

check: fmt-check generate-diff test vet staticcheck kernels purego race build interop ## exactly what CI runs

fmt-check: ## fail if a file is not formatted
	@bad=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
		if [ -n "$$bad" ]; then echo "not formatted, run gofmt -w:"; echo "$$bad"; exit 1; fi

vet: ## run go vet
	$(GO) vet ./...

staticcheck: ## run staticcheck
	$(GO) tool staticcheck ./...

rules: ## check the repository's own rules: import ladder, dependencies, comments, documents
	$(GO) test -count=1 ./internal/rules

race: ## run the tests of the packages where goroutines meet under the race detector
	@if command -v $${CC:-cc} >/dev/null; then set -x; \
		CGO_ENABLED=1 $(GO) test -race -short -shuffle=on -timeout 30m $(RACE); \
	else echo "race: skipped, there is no C compiler"; fi

# Packages read WALRUS_KERNEL as they start, which go's test cache does not see; hence -count=1.
kernels: ## run the codec's tests once per kernel of this CPU
	@for k in $(KERNELS); do echo "WALRUS_KERNEL=$$k"; \
		WALRUS_KERNEL=$$k $(GO) test -count=1 -short $(KERNEL) || exit 1; done

purego: ## run the codec's tests without assembly
	$(GO) test -short -tags purego $(KERNEL)

generate: ## regenerate protobuf code and assembly
	$(GO) run ./internal/protogen
	$(GO) generate ./...

generate-diff: ## fail if generated files are not what their sources generate
	@state() { git status --porcelain; git diff; }; \
	before=$$(state | sha256sum); $(MAKE) --no-print-directory generate; after=$$(state | sha256sum); \
	if [ "$$before" != "$$after" ]; then git status --short; echo "generated files differ: run make generate and commit"; exit 1; fi

fuzz: ## fuzz every parser for FUZZTIME each
	@scripts/fuzz.sh $(FUZZTIME)

bench: ## run the micro-benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(BENCH)

bench-encode: ## measure the encoder beside the reference libraries (QUICK=1 for a look, PLOT=FILE.svg)
	@scripts/bench-encode.sh $(if $(QUICK),-quick) $(if $(PLOT),-plot $(PLOT))

cover: ## write coverage.out and print the total
	$(GO) test -short -coverprofile coverage.out -coverpkg ./... ./... >/dev/null
	$(GO) tool cover -func coverage.out | tail -1

interop: ## run the tests against the official TypeScript packages (needs node and npm)
	scripts/interop.sh

clean: ## remove what was built
	rm -rf $(BIN) coverage.out
