# What a person needs. Everything is made under var/; `make run` on a fresh clone does it all.
PYTHON ?= python3
MAIN := var/env/main/bin

.PHONY: run serve setup demo import train test deep lint check-texts bench bench-rank bench-explain bench-truth bench-chat bench-control bench-understanding test-understanding retention verify-audit accept-audit audit audit-own models weights pins help

help: ## what there is
	@grep -hE '^[a-z-]+: .*## ' Makefile | sed 's/: .*## /\t/' | expand -t 12

run: ## set up the demo shop and serve it
	@$(PYTHON) -m ops run

serve: ## serve your own shop
	@$(PYTHON) -m ops serve

setup: ## make the two environments
	@$(PYTHON) -m ops setup

demo: ## set up the demo shop without serving it
	@$(PYTHON) -m ops demo

import: ## import a shop's files: make import DIR=folder
	@test -n "$(DIR)" || { echo "Say which folder: make import DIR=folder"; exit 1; }
	@$(PYTHON) -m ops import "$(DIR)"

train: ## train the rankers and the bot from what the database holds
	@$(PYTHON) -m ops train

lint: setup ## style and types, in both environments, and texts that press
	$(MAIN)/ruff check .
	$(MAIN)/ruff format --check .
	$(MAIN)/mypy
	$(MAIN)/python -m data.check_texts

check-texts: setup ## does a text press the customer? your own: make check-texts DIR=folder
	$(MAIN)/python -m data.check_texts $(or $(DIR),texts)

test: demo ## everything: style, types, the bot, units, and end to end in a browser
	$(MAKE) --no-print-directory lint
	cd bot && ../var/env/bot/bin/python -W ignore -m pytest -q
	cd bot && RASA_TELEMETRY_ENABLED=false ../var/env/bot/bin/python -W ignore -m rasa test core --model ../var/bot/candor.tar.gz \
		--stories tests --endpoints endpoints.yml --out ../var/bot/test --no-plot --fail-on-prediction-errors
	$(MAIN)/python -m pytest -q

deep: demo ## the tests that take hours: many more runs and rows than `make test`
	$(MAIN)/python -m pytest -q -m deep

bench: demo ## replies through the gateway against asking Rasa directly
	$(MAIN)/python -m tests.bench_reply

bench-rank: setup ## the ranker against popularity, heuristics and collaborative filters: about 20 minutes
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(MAIN)/python -m tests.bench_rank $(SCALE)

bench-explain: demo ## the reasons' exact values: time and error beside other methods
	$(MAIN)/python -m tests.bench_explain

bench-truth: demo ## are the sentences true, the reasons the real ones, the controls of effect?
	$(MAIN)/python -m tests.bench_truth

bench-chat: setup ## a message from a customer to a person's screen, under 300 durable messages a second
	$(MAIN)/python -m tests.bench_chat

bench-control: demo ## did each control do what it states, over 500 customers? at most 10 minutes
	OMP_NUM_THREADS=1 $(MAIN)/python -m tests.bench_control

bench-understanding: setup ## what is understood, on public sets beside the checkout, beside Rasa's DIET and spaCy: about an hour; SLOW=1 trains DIET on the large sets too
	OMP_NUM_THREADS=1 $(MAIN)/python -m tests.bench_understanding $(if $(SLOW),--slow)

test-understanding: demo ## the wordings kept apart: what is understood, with 95 % intervals; fails when a promised limit is broken
	cd bot && OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 RASA_TELEMETRY_ENABLED=false ../var/env/bot/bin/python -W ignore measure.py

retention: setup ## remove now what was kept long enough (the gateway does it each night); DRY=1 only says what
	@$(MAIN)/python -m data.retention $(if $(DRY),--dry-run)

verify-audit: setup ## is the audit log as it was written? names the first row that is not
	@$(MAIN)/python -m data.verify_audit

accept-audit: setup ## go on with the audit log as it stands, after a restored backup
	@$(MAIN)/python -m data.verify_audit accept

audit: demo ## the fairness audit on a copy of the demo shop in which everybody agreed
	$(MAIN)/python -m tests.bench_audit

models: ## which version of the rankers serves, what it falls short of, what was refused and why
	@$(PYTHON) -m ops models

weights: setup ## what the groups of features weigh in the version that serves: a page with shap's pictures
	$(MAIN)/python -m models.weights

audit-own: setup ## the fairness audit of your own shop, under the consents that stand
	$(MAIN)/python -m models.audit

pins: setup ## resolve the pinned requirements again
	cd ops && ../var/env/tools/bin/uv pip compile -q requirements.in --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" -o requirements.txt
	var/env/tools/bin/uv pip compile -q pyproject.toml --group pyproject.toml:test --python $(MAIN)/python --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" -o requirements.txt
	var/env/tools/bin/uv pip compile -q bot/requirements.in --python var/env/bot/bin/python --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" -o bot/requirements.txt
	var/env/tools/bin/uv pip compile -q bot/weights.in --no-deps --python var/env/bot/bin/python --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" -o bot/weights.txt
	var/env/tools/bin/uv pip compile -q bot/baselines.in --no-deps --python var/env/bot/bin/python --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" -o bot/baselines.txt
