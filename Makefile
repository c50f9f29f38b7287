# One line each; continuous integration (.ci/run) calls the same targets. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
READY := .venv/.set-up

.PHONY: help setup demo test test-all check format bench docs package lock replay provision model setup-train \
        evaluate-emotion music-model evaluate-music simulate print-demo-music clean clean-training

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

setup:  ## Install everything: system packages, .venv, models, demo music (PYTHON=... PACKAGES=no)
	@scripts/setup.sh

# Set-up runs by itself before anything that needs it, and again when what it installs has changed.
$(READY): pyproject.toml requirements/dev.txt models/manifest.toml
	@scripts/setup.sh >&2

demo: $(READY)  ## Run the whole appliance here (SECONDS=60 REPORT=demo.json CAMERA=/dev/video0 or a video file; PORT=8080 ADDRESS=0.0.0.0)
	@$(BIN)/soulsync demo $(if $(SECONDS),--seconds $(SECONDS)) $(if $(REPORT),--report '$(REPORT)') $(if $(CAMERA),--camera '$(CAMERA)') $(if $(PORT),--port $(PORT)) $(if $(ADDRESS),--host '$(ADDRESS)')

test: $(READY)  ## Run the tests, all but the slow ones and those that boot a container or need a board
	@$(BIN)/pytest

test-all: $(READY)  ## Run those too: the slow ones, and a Debian container booted as a board (needs root)
	@scripts/system_packages.sh board-tests && $(BIN)/pytest -m 'not hardware'

check: $(READY)  ## Check format, lint, types, spelling and the house rules
	@scripts/check.sh

format: $(READY)  ## Format the code and fix what can be fixed by itself
	@$(BIN)/ruff format && $(BIN)/ruff check --fix

bench: $(READY)  ## Measure; the last line is one JSON object
	@$(BIN)/python -m scripts.bench

docs: $(READY)  ## Write the generated pages again: settings, topics, the example settings, the models' cards, the simulation's page
	@$(BIN)/python -m scripts.generate_docs

package: $(READY)  ## Build the source archive and the wheel into dist/
	@$(BIN)/hatchling build -d dist

lock: $(READY)  ## Make the lock files in requirements/ again (UPGRADE=1 takes newer versions)
	@scripts/lock.sh

replay: $(READY)  ## Print the decisions of a recorded trace again (TRACE=trace.jsonl)
	@$(if $(TRACE),$(BIN)/soulsync replay '$(TRACE)',echo 'Name a recorded trace: make replay TRACE=trace.jsonl' >&2; exit 2)

provision:  ## Turn a board into the appliance over SSH (HOST=pi@soulsync.local BOARD=pi5)
	@scripts/provision_host.sh '$(HOST)' $(if $(BOARD),--board '$(BOARD)')

setup-train:  ## Make .venv-train, the environment that trains models
	@scripts/setup_train.sh

model: $(READY)  ## Train, convert and measure the emotion model, in hours; again, to go on (DATA=folder QUICK=1 SEED=1 BFLOAT16=1)
	@scripts/make_model.sh '$(DATA)' $(if $(QUICK),--quick) $(if $(SEED),--seed '$(SEED)') $(if $(BFLOAT16),--bfloat16)

evaluate-emotion: $(READY)  ## Print how good the emotion model is, as recorded, or measured anew (DATA=folder PART=choose)
	@$(BIN)/python -m models.recipes.emotion.record $(if $(DATA),--data '$(DATA)') $(if $(PART),--part '$(PART)')

music-model: $(READY)  ## Train the affect model of music, in minutes (DATA=folder)
	@$(if $(DATA),$(BIN)/python -m models.recipes.music.train --data '$(DATA)',echo 'Name the folder of the training data: make music-model DATA=folder; docs/music.md says what belongs there' >&2; exit 2)

evaluate-music: $(READY)  ## Print how good the analysis of music is, as recorded, or measured anew (DATA=folder)
	@$(BIN)/python -m models.recipes.music.record $(if $(DATA),--data '$(DATA)')

simulate: $(READY)  ## Simulate how well ways of steering reach a goal, in minutes (RUNS=40 SEED=1 QUICK=1; WRITE=1 records it)
	@$(BIN)/python -m scripts.simulate $(if $(RUNS),--runs '$(RUNS)') $(if $(SEED),--seed '$(SEED)') $(if $(QUICK),--quick) $(if $(WRITE),--write)

print-demo-music: $(READY)  ## Print the folder of the demo music
	@echo '$(CURDIR)/build/demo-music'

clean:  ## Remove what was built; .venv stays, and so does a training, done or half done
	@if [ -d build ]; then find build/ -mindepth 1 -maxdepth 1 ! -name emotion -exec rm -rf {} +; fi
	@rm -rf dist .mypy_cache .pytest_cache .ruff_cache .hypothesis && rm -f $(READY)
	@if [ -d build/emotion ]; then echo 'build/emotion stays: hours of training. To remove that: make clean-training'; fi

clean-training:  ## Remove what a training of the emotion model left, half done or done: hours of work
	@rm -rf build/emotion build/emotion-quick
