# Each target does all its own set-up in the project-local .venv; nothing is installed anywhere else.
PYTHON ?= python3
BIN := .venv/bin
WORKFLOW := $(CURDIR)/workflows/ihc/workflow/Snakefile
JOBS ?= 2

.PHONY: schema test check demo demo-container demo-slurm demo-nuclei demo-timelapse pictures lock clean

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("error: provcap needs Python 3.11 or newer; name one: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

test: .venv/installed  ## all tests; those whose engine is missing are skipped and listed by name and reason
	$(BIN)/pytest $(PYTEST)

check: .venv/installed  ## style, types, floors, and that the probe parses as Python 3.6
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -c "import ast, glob; [ast.parse(open(p).read(), p, feature_version=(3, 6)) for p in \
	  glob.glob('src/provcap/capture/probe/**/*.py', recursive=True)]"

demo: .venv/installed  ## the reference workflow, captured, packed and checked
	rm -rf demo/run demo/ihc.crate.zip
	mkdir -p demo/run && cp config/provcap.yaml config/terms.yaml config/acquisition.yaml demo/run/
	$(BIN)/provcap run -d demo/run -- -s $(WORKFLOW) --cores $(JOBS) --quiet all
	$(BIN)/provcap annotate -d demo/run config/study.tsv >/dev/null
	$(BIN)/provcap crate -d demo/run -o demo/ihc.crate.zip
	$(BIN)/provcap check demo/ihc.crate.zip
	@$(call finished,demo/run,demo/ihc)

demo-container: .venv/installed  ## the same inside a container, with Apptainer
	containers/build ihc --sif
	rm -rf demo/container-run demo/ihc-container.crate.zip
	mkdir -p demo/container-run && cp config/provcap.yaml config/terms.yaml config/acquisition.yaml demo/container-run/
	$(BIN)/provcap run -d demo/container-run --crate demo/ihc-container.crate.zip -- \
	  -s $(WORKFLOW) --cores $(JOBS) --use-singularity --quiet
	$(BIN)/provcap check demo/ihc-container.crate.zip
	@$(call finished,demo/container-run,demo/ihc-container)

demo-slurm: .venv/installed  ## every job a Slurm job in the container, by profiles/slurm; two tiles, and often asked whether it ended
	containers/build ihc --sif
	rm -rf demo/slurm-run demo/ihc-slurm.crate.zip
	mkdir -p demo/slurm-run && cp config/provcap.yaml config/terms.yaml config/acquisition.yaml demo/slurm-run/
	grep -E '^(tile|A1|B2)' workflows/ihc/config/samples.tsv > demo/slurm-run/samples.tsv
	$(BIN)/provcap run -d demo/slurm-run --crate demo/ihc-slurm.crate.zip -- -s $(WORKFLOW) --profile $(CURDIR)/profiles/slurm \
	  --slurm-init-seconds-before-status-checks 2 --quiet --config samples=$(CURDIR)/demo/slurm-run/samples.tsv
	$(BIN)/provcap check demo/ihc-slurm.crate.zip
	@$(call finished,demo/slurm-run,demo/ihc-slurm)

demo-nuclei: .venv/installed  ## the second workflow, a neural network on a real micrograph, in its container with Apptainer
	containers/build nuclei --sif
	rm -rf demo/nuclei-run demo/nuclei.crate.zip
	mkdir -p demo/nuclei-run && cp config/nuclei/provcap.yaml config/terms.yaml demo/nuclei-run/
	$(BIN)/provcap run -d demo/nuclei-run -- \
	  -s $(CURDIR)/workflows/nuclei/workflow/Snakefile --cores $(JOBS) --use-singularity --quiet
	$(BIN)/provcap annotate -d demo/nuclei-run workflows/nuclei/config/study.tsv >/dev/null
	$(BIN)/provcap crate -d demo/nuclei-run -o demo/nuclei.crate.zip
	$(BIN)/provcap check demo/nuclei.crate.zip
	@$(call finished,demo/nuclei-run,demo/nuclei)

demo-timelapse: .venv/installed  ## the third workflow: a time series as OME-Zarr, its nuclei tracked and scored; needs no engine
	rm -rf demo/timelapse-run demo/timelapse.crate.zip
	mkdir -p demo/timelapse-run && cp config/timelapse/*.yaml config/terms.yaml demo/timelapse-run/
	$(BIN)/provcap run -d demo/timelapse-run -- \
	  -s $(CURDIR)/workflows/timelapse/workflow/Snakefile --cores $(JOBS) --quiet
	$(BIN)/provcap annotate -d demo/timelapse-run workflows/timelapse/config/study.tsv >/dev/null
	$(BIN)/provcap crate -d demo/timelapse-run -o demo/timelapse.crate.zip
	$(BIN)/provcap check demo/timelapse.crate.zip
	@$(call finished,demo/timelapse-run,demo/timelapse)

define finished
rm -f $(2).prov.svg && $(BIN)/provcap prov -d $(1) -f svg -o $(2).prov.svg && \
printf '\n  crate         %s\n  PROV picture  %s\n  run summary   %s\n\n' \
  $(2).crate.zip $(2).prov.svg "$(BIN)/provcap show $(2).crate.zip"
endef

schema: .venv/installed  ## the model in LinkML, JSON Schema, SQL, SHACL and OWL, from its dataclasses
	test -x .venv/schema/bin/gen-owl || { $(PYTHON) -m venv .venv/schema && \
	  .venv/schema/bin/pip install --quiet --require-hashes -r schema/requirements.lock; }
	$(BIN)/python schema/generate.py .venv/schema/bin

pictures: .venv/installed  ## those of docs/bioimaging.md, from the page in demo/nuclei.crate.zip; needs Chromium
	$(BIN)/python docs/pictures/draw.py demo/nuclei.crate.zip

lock:  ## resolve the dependencies again, for every Python and platform; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --all-extras --quiet pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --quiet schema/requirements.in -o schema/requirements.lock

clean:
	rm -rf demo .venv
