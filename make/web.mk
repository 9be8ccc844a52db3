# The pages: web/ into $(B)/web, and their tests.

WEB_SRC   := $(shell find web/src web/tools web/tsconfig.json -type f ! -name '*.gen.ts')
WEB_NODE  := web/node_modules/.package-lock.json
WEB_PAGES := $(B)/web/index.html
WEB_KINDS := web/src/trace/kinds.gen.ts web/src/trace/texts.gen.ts

$(WEB_NODE): web/package-lock.json
	cd web && npm ci --ignore-scripts --loglevel=error
	@touch $@

$(WEB_KINDS) &: sandbox/trace/kinds.def web/tools/kinds.mjs
	node web/tools/kinds.mjs

ifeq ($(VARIANT),)
$(WEB_PAGES): $(WEB_NODE) $(WEB_SRC) $(WEB_KINDS)
	cd web && npx --no-install tsc --noEmit && node tools/build.mjs ../$(B)/web
else
# The same pages for every variant.
$(WEB_PAGES): $(WEB_NODE) $(WEB_SRC) $(WEB_KINDS)
	$(MAKE) VARIANT= web
	@rm -rf $(@D) && ln -s ../build/web $(@D)
endif

## web: type-check and bundle the pages
.PHONY: web
web: $(WEB_PAGES)

## web-test: unit tests of the pages' pure parts
.PHONY: web-test
web-test: $(WEB_NODE) $(WEB_KINDS)
	cd web && node tools/test.mjs ../$(B)/web-test

## browser-test: open, run, look, reload in Chromium against the real server
.PHONY: browser-test
browser-test: build $(HOSTILE_RUNNER)
	BUILD=$(B) make/node-test.sh $(AT_ONCE) tests/browser/*.test.mjs

BENCH_WEB_NODE := tests/bench/web/node_modules/.package-lock.json

$(BENCH_WEB_NODE): tests/bench/web/package-lock.json
	cd tests/bench/web && npm ci --ignore-scripts --loglevel=error
	@touch $@

## bench-web: the timeline against its peers in Chromium, a live run, the first load (PARTS="frames live opening")
.PHONY: bench-web
bench-web: build $(BENCH_WEB_NODE)
	BUILD=$(B) node tests/bench/web_bench.mjs $(PARTS)

# The decoder of traces by itself, for tests/fuzz.
$(B)/fuzz/decode.cjs: $(WEB_NODE) $(WEB_SRC) $(WEB_KINDS) $(wildcard tests/fuzz/web/*)
	@mkdir -p $(@D)
	node tests/fuzz/web/build.mjs $@
