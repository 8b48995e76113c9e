# Every command sets up first whatever it needs and skips what is already done.
# PYTHON=/path/to/python3.12 chooses the Python; HOST, PORT, BASE and the other settings of
# space/README.md reach the app.
VENV := .venv/bin/python
SETUP := sh scripts/setup.sh

.DEFAULT_GOAL := help
.PHONY: help run test lint format build matrix bench space deploy train clean

help: ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: ## Start the app on 127.0.0.1:7860, or the next free port (HOST, PORT and BASE override)
	@$(SETUP) app
	@exec $(VENV) space/app.py

test: ## Run every test: Python's, the frontend's, the browser's
	@$(SETUP) app tools browser
	@$(VENV) scripts/check.py test

lint: ## Check style, types and the import rules
	@$(SETUP) app tools
	@$(VENV) scripts/check.py lint

format: ## Rewrite the sources in the style that lint asks for
	@$(SETUP) app tools
	@$(VENV) scripts/check.py format

build: ## Build both wheels into dist/
	@$(SETUP) app tools
	@$(VENV) scripts/build_wheels.py

matrix: ## Try the built grid on the oldest, a middle and the newest Gradio 6, in build/matrix
	@$(SETUP) app tools browser
	@$(VENV) scripts/matrix.py

bench: ## Measure the engine, the checkpoints, the app, the grid and the app under load: value, limit, and whether it is met (40 minutes or so)
	@$(SETUP) app tools browser
	@$(VENV) -m bench.engine
	@$(VENV) -m bench.checkpoints
	@$(VENV) -m bench.app
	@$(VENV) -m bench.grid
	@$(VENV) -m bench.load

space: ## Build the folder of a Hugging Face Space in build/space
	@$(SETUP) app
	@$(VENV) scripts/build_space.py

deploy: ## Bring the app to a private Space: SPACE=owner/name [HARDWARE=t4-small|zero-a10g|cpu-basic] [VARIABLES="NAME=value ..."] [DRY_RUN=1]
	@$(SETUP) app deploy
	@$(VENV) scripts/deploy.py

train: ## Train the shipped base and its checkpoints again (an hour and a half; goes on where it stopped)
	@$(SETUP) app
	@cd backend && ../$(VENV) -m training all

clean: ## Remove what was built and installed here
	rm -rf .venv build dist frontend/node_modules component/gradio_comparisongrid/templates
