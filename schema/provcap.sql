-- sha256:c07ec298624fbad997602961292c7f668e1b93bc63adbe97c57b06109dd91842
-- # Class: Channel Description: A channel of an image.
--     * Slot: id
--     * Slot: name
--     * Slot: fluorophore
--     * Slot: excitation_nm
--     * Slot: emission_nm
--     * Slot: exposure_s Description: of each of its planes; None also when they differ
--     * Slot: detector Description: manufacturer and model
--     * Slot: light_source Description: kind, manufacturer and model
--     * Slot: illumination Description: OME's IlluminationType: Epifluorescence, Transmitted …
--     * Slot: contrast Description: OME's ContrastMethod: Fluorescence, Phase, DIC …
--     * Slot: mode Description: OME's AcquisitionMode: WideField, LaserScanningConfocalMicroscopy …
--     * Slot: binning Description: "2x2"
--     * Slot: Acquisition_id Description: Autocreated FK slot
-- # Class: Objective Description: The objective lens.
--     * Slot: id
--     * Slot: name Description: manufacturer and model
--     * Slot: magnification Description: nominal
--     * Slot: numerical_aperture
--     * Slot: immersion
-- # Class: Intensities Description: The values of all pixels and channels of an image; of none that is not finite.
--     * Slot: id
--     * Slot: minimum
--     * Slot: maximum
--     * Slot: mean
--     * Slot: lowest Description: the least value that its data type, or its significant bits, can hold
--     * Slot: highest Description: the greatest; None for floating point
--     * Slot: at_lowest Description: fraction of the values there
--     * Slot: at_highest
-- # Class: Acquisition Description: What an image file says of itself. What it does not say is None; nothing is taken from elsewhere.
--     * Slot: id
--     * Slot: file Description: digest of the image
--     * Slot: format Description: "OME-TIFF", "ImageJ TIFF", "TIFF", "OME-Zarr 0.5", or that of another reader
--     * Slot: reader Description: the libraries that read it, with versions
--     * Slot: axes Description: a letter each, slowest first: T, C, Z, Y, X, S (samples), Q (the file does not say)
--     * Slot: data_type Description: as NumPy calls it
--     * Slot: significant_bits
--     * Slot: pixel_size_x_um
--     * Slot: pixel_size_y_um
--     * Slot: pixel_size_z_um Description: the distance of planes
--     * Slot: time_increment_s
--     * Slot: microscope Description: manufacturer and model
--     * Slot: acquired Description: date and time as the file has it
--     * Slot: writer Description: the program that wrote the file
--     * Slot: images Description: in the file; what is said here is said of the first
--     * Slot: metadata Description: digest of its OME-XML, which is kept as it is
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
--     * Slot: objective_id
--     * Slot: intensities_id
-- # Class: Measure Description: One measured number: how far the second file is from the first in one respect.
--     * Slot: id
--     * Slot: name Description: "max_abs", "psnr", "rows_missing" …
--     * Slot: unit Description: None: a count, or dimensionless
--     * Slot: direction Description: what is better; "same": value is None when both agree, else says how they differ
--     * Slot: about Description: the aspect that it measures: "pixels", "physical metadata", "column area" …
--     * Slot: kept Description: whether it keeps the limit
--     * Slot: Verdict_id Description: Autocreated FK slot
--     * Slot: value_id Description: what is not finite is text, ``inf`` or ``nan``, as JSON has no such numbers
--     * Slot: limit_id Description: what judge() held it against; None: it is for information
-- # Class: Verdict Description: What was found about one file or directory.
--     * Slot: id
--     * Slot: path Description: as the run recorded it, or relative to the directory
--     * Slot: verdict
--     * Slot: comparator Description: what measured it; None: digests were enough
--     * Slot: reason Description: one sentence for a person
--     * Slot: because Description: why the limit that made it equivalent is right, or unchecked allowed
--     * Slot: allowed Description: unchecked, and the limits allow that here
--     * Slot: Comparison_id Description: Autocreated FK slot
-- # Class: Comparison Description: All verdicts, by path. The first side is the reference.
--     * Slot: id
--     * Slot: first Description: id of the run, or name of the directory or file
--     * Slot: second
--     * Slot: limits_digest Description: of the limits file; None: bytes had to agree
-- # Class: Judgement Description: Whether one image is as the workflow needs it in one respect.
--     * Slot: id
--     * Slot: path Description: of the image
--     * Slot: verdict
--     * Slot: about Description: which of several values it is: "X", "channel 2 (DAPI)"
--     * Slot: origin Description: where in the file it stands
--     * Slot: why Description: why it is not known
--     * Slot: file Description: digest of the image
--     * Slot: Dependence_id Description: Autocreated FK slot
--     * Slot: value_id Description: in the unit of the Dependence; of several the first that decides
-- # Class: Dependence Description: A value of the acquisition that steps depend on, its limits, and what was found.
--     * Slot: id
--     * Slot: name Description: a key of ``acquisition.yaml``: "pixel_size_um", "emission_nm" …
--     * Slot: because
--     * Slot: source Description: path of the file that says so
--     * Slot: line Description: in that file
--     * Slot: minimum Description: inclusive
--     * Slot: maximum Description: inclusive
--     * Slot: unit
--     * Slot: if_violated
--     * Slot: if_unknown
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
--     * Slot: channel_id Description: its number from 1, or a pattern of its name; "*" for each
-- # Class: Embedding Description: An output in whose place the same image with its lineage in it was put, after the run.
--     * Slot: id
--     * Slot: path Description: as the run calls it
--     * Slot: file Description: digest of the image as its job made it
--     * Slot: embedded Description: digest of what stands there since
--     * Slot: size_bytes Description: of that
--     * Slot: pixels Description: digest of the stored pixels, the same in both
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Gap Description: Something that provcap does not know, and says so.
--     * Slot: id
--     * Slot: slug Description: the kind, a paragraph in docs/messages.md
--     * Slot: subject Description: what it is about: "run", "job:<id>", "file:<path>", "environment:<id>", "image:<id>"
--     * Slot: message Description: one sentence for a person
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Artifact Description: A file or directory as one job met it.
--     * Slot: id
--     * Slot: path
--     * Slot: kind
--     * Slot: digest Description: of the content; for a directory the tree digest of `provcap.digest`
--     * Slot: size_bytes Description: for a directory, the sum over its files
--     * Slot: media_type
--     * Slot: name Description: the name that the rule gives it (``input.image``), if any
--     * Slot: query Description: where it came from, when a storage provider fetched it
--     * Slot: Job_uid Description: Autocreated FK slot
-- # Class: Source Description: A file of the workflow itself: Snakefile, include, script, configuration.
--     * Slot: id
--     * Slot: path Description: relative to the workflow's root; absolute when outside
--     * Slot: digest
--     * Slot: size_bytes
--     * Slot: role
--     * Slot: place Description: absolute path on the machine that ran it
--     * Slot: kept Description: digest of the copy that was kept, when secrets were replaced in it
--     * Slot: Workflow_id Description: Autocreated FK slot
-- # Class: Draw Description: An event in the randomness ledger of a job: a seed that was set, or entropy that an unseeded source drew.
--     * Slot: id
--     * Slot: source Description: "random", "numpy.random", "numpy.random.Generator", "torch", "tensorflow", "R", "PYTHONHASHSEED" …
--     * Slot: kind Description: in params or environment; by a call; nobody set it
--     * Slot: value Description: the seed, or the entropy that was drawn; what replay needs to give it back
--     * Slot: where Description: "script.py:12", or the parameter's name
--     * Slot: process Description: the number of the interpreter process in the job, in the order of their start
--     * Slot: order Description: the number of the event in that process
--     * Slot: Job_uid Description: Autocreated FK slot
-- # Class: Job Description: One attempt at one job.
--     * Slot: uid
--     * Slot: id
--     * Slot: run Description: the run in which it was executed; an up-to-date result names an earlier one
--     * Slot: rule
--     * Slot: status
--     * Slot: attempt
--     * Slot: kind Description: shell, script, notebook, wrapper, run, cwl, template_engine
--     * Slot: threads
--     * Slot: group
--     * Slot: command
--     * Slot: script Description: path of the Source that it ran
--     * Slot: benchmark
--     * Slot: image Description: Image.id
--     * Slot: environment Description: Environment.id
--     * Slot: hardware Description: Hardware.id
--     * Slot: conda_env
--     * Slot: imports Description: Imports.id
--     * Slot: filesystem Description: type of the work directory's file system
--     * Slot: network Description: whether an interface but loopback was up in the job
--     * Slot: started
--     * Slot: ended
--     * Slot: exit_code Description: negative: killed by that signal
--     * Slot: error
--     * Slot: log_tail Description: last lines of the log of a failed attempt
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
--     * Slot: params_id
--     * Slot: resources_id
--     * Slot: limits_id Description: granted by the cgroup: cpus, memory_bytes
--     * Slot: redactions_id Description: how often which rule replaced a secret in this record
--     * Slot: accounting_id Description: what the batch system counted
--     * Slot: usage_id
-- # Class: Gpu Description: A graphics processor of a machine.
--     * Slot: id
--     * Slot: model
--     * Slot: driver
--     * Slot: cuda Description: highest CUDA version of the driver
--     * Slot: memory_bytes
--     * Slot: Hardware_uid Description: Autocreated FK slot
-- # Class: Hardware Description: A machine that ran jobs.
--     * Slot: uid
--     * Slot: id
--     * Slot: hostname
--     * Slot: architecture
--     * Slot: cpu_model
--     * Slot: cpus_logical
--     * Slot: cpus_physical
--     * Slot: memory_bytes
--     * Slot: kernel
--     * Slot: os_name
--     * Slot: microarchitecture Description: psABI level that the CPU's flags reach: "x86-64-v3"
--     * Slot: sockets
--     * Slot: hypervisor
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Usage Description: What an attempt used. CPU times are exact (wait4); memory is the largest sample.
--     * Slot: id
--     * Slot: wall_s
--     * Slot: cpu_user_s
--     * Slot: cpu_system_s
--     * Slot: max_rss_bytes Description: at least this much: the highest sum of resident memory that was sampled
-- # Class: Accounting Description: What the batch system counted for the job that it ran; attempts that ran in one such job share all of it. Its memory and CPU time include the Snakemake that ran the attempt there.
--     * Slot: id
--     * Slot: state Description: as Slurm calls it: COMPLETED, FAILED, CANCELLED, TIMEOUT, OUT_OF_MEMORY, NODE_FAIL …
--     * Slot: exit_code Description: negative: killed by that signal
--     * Slot: elapsed_s
--     * Slot: cpu_s
--     * Slot: max_rss_bytes Description: the highest of its steps, as sampled by Slurm
--     * Slot: cpus Description: granted
--     * Slot: memory_bytes Description: granted
--     * Slot: gpus Description: granted
--     * Slot: time_limit_s
--     * Slot: submitted
--     * Slot: started
--     * Slot: ended
-- # Class: Organization Description: Organization(name: 'str', id: 'str | None' = None, url: 'str | None' = None)
--     * Slot: uid
--     * Slot: name
--     * Slot: id Description: ROR URL
--     * Slot: url
-- # Class: Agent Description: A person.
--     * Slot: uid
--     * Slot: name
--     * Slot: id Description: ORCID URL
--     * Slot: About_id Description: Autocreated FK slot
--     * Slot: affiliation_uid
-- # Class: Term Description: A term of an ontology that a rule, or a format of files, stands for; from ``terms.yaml``.
--     * Slot: id
--     * Slot: of
--     * Slot: subject Description: the name of the rule, or the end of the names of such files, with its dot
--     * Slot: iri
--     * Slot: name Description: as people call it; not looked up
--     * Slot: About_id Description: Autocreated FK slot
-- # Class: About Description: What people say of the run; from ``provcap.yaml``.
--     * Slot: id
--     * Slot: title
--     * Slot: description
--     * Slot: license Description: SPDX identifier or URL
--     * Slot: publisher_uid
--     * Slot: operator_uid Description: who ran it; not known from the authors, nor from the name of an account
-- # Class: QualityMeasure Description: One measure of one channel, or of the whole image. Of the image as it is: no microscope is measured by it.
--     * Slot: id
--     * Slot: name Description: "saturated_fraction", "laplacian_variance", "noise_sigma" …
--     * Slot: value Description: finite; of several time points their median, of a fraction the mean
--     * Slot: unit Description: "1", "DN" (digital numbers, the values of the pixels), "DN²", "px", "µm"
--     * Slot: method Description: in words, with the DOI of its publication
--     * Slot: channel Description: from 1; samples of a colour image are channels
--     * Slot: channel_name
--     * Slot: time Description: from 1, the time point at which it was found
--     * Slot: Quality_id Description: Autocreated FK slot
-- # Class: Quality Description: The measures of one image. What could not be measured is left out, and a note says why.
--     * Slot: id
--     * Slot: file Description: digest of the image
--     * Slot: reader Description: the libraries that read and measured it, with versions
--     * Slot: measured Description: which part of it, in words: plane, time points, region
--     * Slot: data_type Description: as NumPy calls it
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Origin Description: An earlier run that this one repeats.
--     * Slot: id
--     * Slot: run Description: its id
--     * Slot: record Description: digest of its run.json, as the crate had it that was rerun
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Assessment Description: How close a result came to that of the run which was repeated.
--     * Slot: id
--     * Slot: first Description: digest of the file in the repeated run
--     * Slot: size_bytes Description: of the file in the repeated run
--     * Slot: second Description: digest of the file in this run
--     * Slot: limits Description: digest of the limits that were held against it; None: bytes had to agree
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
--     * Slot: verdict_id
-- # Class: Step Description: A rule that took part in the run.
--     * Slot: id
--     * Slot: rule
--     * Slot: source Description: path of the Source that defines it
--     * Slot: line
--     * Slot: description Description: the rule's docstring
--     * Slot: script Description: path of the Source that it runs
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Workflow Description: The workflow that was run.
--     * Slot: id
--     * Slot: snakefile Description: path of the main Source
--     * Slot: repository Description: URL of the git remote, without user information
--     * Slot: commit
--     * Slot: dirty Description: tracked or untracked files of the workflow differed from the commit
-- # Class: Run Description: One invocation of Snakemake, with all that is known of it.
--     * Slot: uid
--     * Slot: id
--     * Slot: status
--     * Slot: workdir
--     * Slot: started
--     * Slot: ended
--     * Slot: executor Description: Snakemake's executor plugin: "local", "slurm" …
--     * Slot: snakemake_version
--     * Slot: provcap_version
--     * Slot: python_version
--     * Slot: user
--     * Slot: hostname
--     * Slot: log Description: Snakemake's own log file
--     * Slot: rerun_of Description: id of the run that this one repeats
--     * Slot: workflow_id
--     * Slot: about_id
--     * Slot: study_id Description: what people say of sample and imaging, once a sheet was put into the run
-- # Class: Package Description: One installed package, as its own manager describes it.
--     * Slot: id
--     * Slot: name
--     * Slot: version
--     * Slot: manager
--     * Slot: origin Description: URL, VCS commit, channel or section it came from, when that is recorded
--     * Slot: architecture
--     * Slot: editable
--     * Slot: Environment_uid Description: Autocreated FK slot
-- # Class: Interpreter Description: An interpreter that the environment offers first on its PATH.
--     * Slot: id
--     * Slot: language
--     * Slot: version
--     * Slot: path
--     * Slot: build Description: compiler and build date as it reports them
--     * Slot: Environment_uid Description: Autocreated FK slot
-- # Class: Library Description: A native library that a process had loaded. Its digest tells a rebuilt one under an old version.
--     * Slot: id
--     * Slot: path
--     * Slot: digest
--     * Slot: Imports_uid Description: Autocreated FK slot
-- # Class: Module Description: A module or R package that a process really imported, apart from what is merely installed.
--     * Slot: id
--     * Slot: name Description: top-level name
--     * Slot: version
--     * Slot: distribution Description: the package that it belongs to, as its manager calls it
--     * Slot: from_host Description: found on the host although the job ran in a container
--     * Slot: Imports_uid Description: Autocreated FK slot
-- # Class: Imports Description: What the interpreters of a job imported and loaded; shared by all jobs with the same.
--     * Slot: uid
--     * Slot: id
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Tool Description: A command-line program that a job's shell command names.
--     * Slot: id
--     * Slot: name
--     * Slot: path Description: where the job's PATH led
--     * Slot: package Description: the installed package that owns the file
--     * Slot: version Description: of that package
--     * Slot: Job_uid Description: Autocreated FK slot
-- # Class: Environment Description: The software that a job could see: everything that was installed where it ran.
--     * Slot: uid
--     * Slot: id Description: digest of the content below
--     * Slot: os_name Description: PRETTY_NAME of os-release
--     * Slot: os_id
--     * Slot: os_version
--     * Slot: collector Description: what read it: "python 3.11.2" or "sh"
--     * Slot: probe Description: digest of the probe that read it
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Image Description: A container image, as referred to and as it was on disk.
--     * Slot: uid
--     * Slot: id Description: its digest, or its reference when the digest is unknown
--     * Slot: reference Description: as the workflow names it
--     * Slot: kind
--     * Slot: path Description: the image file that ran
--     * Slot: digest Description: sha256 of the SIF file, or the image id of a Docker image
--     * Slot: size_bytes
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
-- # Class: Concept Description: A value out of an ontology.
--     * Slot: uid
--     * Slot: name Description: as the sheet has it; not looked up
--     * Slot: id Description: compact, "NCBITaxon:9606"
--     * Slot: iri
--     * Slot: ImageAcquisition_uid Description: Autocreated FK slot
-- # Class: Contributor Description: A person who took part in the study.
--     * Slot: uid
--     * Slot: name
--     * Slot: id Description: ORCID URL
--     * Slot: role
--     * Slot: Annotations_uid Description: Autocreated FK slot
--     * Slot: Study_id Description: Autocreated FK slot
--     * Slot: affiliation_uid
-- # Class: Grant Description: Who paid.
--     * Slot: id
--     * Slot: funder
--     * Slot: identifier
--     * Slot: Study_id Description: Autocreated FK slot
-- # Class: Publication Description: A paper on the study.
--     * Slot: id
--     * Slot: title
--     * Slot: authors
--     * Slot: doi Description: bare, "10.…"
--     * Slot: year
--     * Slot: pubmed
--     * Slot: Study_id Description: Autocreated FK slot
-- # Class: Link Description: Something else that belongs to the study.
--     * Slot: id
--     * Slot: url
--     * Slot: description
--     * Slot: Study_id Description: Autocreated FK slot
-- # Class: Biosample Description: What was imaged.
--     * Slot: uid
--     * Slot: id
--     * Slot: common_name Description: of the organism
--     * Slot: description
--     * Slot: Study_id Description: Autocreated FK slot
--     * Slot: biological_entity_uid
--     * Slot: organism_uid Description: NCBITaxon
--     * Slot: tissue_uid Description: UBERON
--     * Slot: cell_line_uid Description: CLO, or Cellosaurus as RRID:CVCL_…
--     * Slot: disease_uid Description: MONDO, DOID
--     * Slot: strain_uid Description: RRID or name
-- # Class: Specimen Description: How a biosample was prepared for imaging.
--     * Slot: uid
--     * Slot: id
--     * Slot: preparation
--     * Slot: growth_protocol
--     * Slot: signal Description: signal or contrast mechanism
--     * Slot: location Description: within the biosample
--     * Slot: status Description: "test" or "control"
--     * Slot: protocol Description: bare DOI, or URL
--     * Slot: Study_id Description: Autocreated FK slot
-- # Class: Instrument Description: A microscope.
--     * Slot: id
--     * Slot: description
--     * Slot: pid Description: PIDINST: "doi:…" or "hdl:…"
--     * Slot: facility Description: RRID of the core facility
-- # Class: ImageAcquisition Description: How images were taken.
--     * Slot: uid
--     * Slot: id
--     * Slot: parameters
--     * Slot: Study_id Description: Autocreated FK slot
--     * Slot: instrument_id
-- # Class: ImageData Description: A component of the study: images of one kind, and what they are of.
--     * Slot: uid
--     * Slot: id
--     * Slot: description
--     * Slot: kind Description: "raw" or "processed"
--     * Slot: processing Description: how they were made of raw ones
--     * Slot: dimensions
--     * Slot: pixel_size
--     * Slot: channels
--     * Slot: quality
--     * Slot: Study_id Description: Autocreated FK slot
-- # Class: ImageCorrelation Description: How images of one correlative study are linked.
--     * Slot: uid
--     * Slot: id
--     * Slot: alignment Description: spatial and temporal
--     * Slot: fiducials
--     * Slot: transformations
--     * Slot: Study_id Description: Autocreated FK slot
-- # Class: AnalyzedData Description: What was made of the images.
--     * Slot: uid
--     * Slot: id
--     * Slot: method Description: how image analysis was carried out
--     * Slot: results Description: their kind
--     * Slot: features Description: what was measured
--     * Slot: Study_id Description: Autocreated FK slot
-- # Class: AnnotationFile Description: A file with annotations of one image.
--     * Slot: id
--     * Slot: annotation Description: id of the Annotations
--     * Slot: file Description: path of the run
--     * Slot: source_image Description: path of the run
--     * Slot: transformations
--     * Slot: spatial_information
--     * Slot: created Description: date or time
--     * Slot: Annotations_uid Description: Autocreated FK slot
-- # Class: Annotations Description: A set of annotations of images, as MIFA asks for it.
--     * Slot: uid
--     * Slot: id
--     * Slot: overview
--     * Slot: method
--     * Slot: criteria
--     * Slot: coverage
--     * Slot: confidence
--     * Slot: Study_id Description: Autocreated FK slot
-- # Class: Sheet Description: The file that a Study was read from.
--     * Slot: id
--     * Slot: name
--     * Slot: digest
--     * Slot: size_bytes
--     * Slot: annotated Description: when it was put into the run, by the clock of that machine
-- # Class: Study Description: A filled sheet.
--     * Slot: id
--     * Slot: title
--     * Slot: description
--     * Slot: license
--     * Slot: released Description: REMBI's "private until" date
--     * Slot: acknowledgements
--     * Slot: funding Description: funding statement
--     * Slot: sheet_id
--     * Slot: kind_uid Description: the type of study, EFO
-- # Class: Tensor Description: An input or output of a model.
--     * Slot: id
--     * Slot: name
--     * Slot: data_type Description: as ONNX calls it: FLOAT, UINT8 …
--     * Slot: Weights_id Description: Autocreated FK slot
-- # Class: Card Description: What a bioimage.io description (rdf.yaml, bioimageio.yaml) beside the weights says.
--     * Slot: uid
--     * Slot: file Description: digest of that description
--     * Slot: name
--     * Slot: version
--     * Slot: id
--     * Slot: doi
--     * Slot: license
-- # Class: Weights Description: A model as its file says. What the file does not say is None; nothing in it was executed.
--     * Slot: id
--     * Slot: digest Description: of the weights; of an archive's member, when they lie in one; a tree digest for a directory
--     * Slot: format Description: "ONNX", "safetensors", "PyTorch", "TorchScript", "Keras", "TensorFlow SavedModel" …
--     * Slot: reader Description: what read it, with versions
--     * Slot: file Description: digest of the file that holds them as `member`
--     * Slot: member
--     * Slot: size_bytes
--     * Slot: ir_version Description: of ONNX
--     * Slot: producer Description: name and version of the program that wrote it
--     * Slot: name Description: of the graph, or what the file calls the model
--     * Slot: version
--     * Slot: description
--     * Slot: tensors Description: stored arrays
--     * Slot: parameters Description: numbers in them
--     * Slot: pickled Description: whether loading it runs what pickle finds in it
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: RunDocument_uid Description: Autocreated FK slot
--     * Slot: opsets_id Description: of ONNX, by domain; "ai.onnx" is the default one
--     * Slot: card_uid
-- # Class: Load Description: A job loaded a model; equal ones are told once.
--     * Slot: id
--     * Slot: library Description: "onnxruntime", "torch", "torch.jit", "safetensors", "keras", "tensorflow"
--     * Slot: version
--     * Slot: path Description: as the job gave it, relative to the work directory; None: it gave the bytes
--     * Slot: digest Description: of what was loaded, when it was
--     * Slot: size_bytes
--     * Slot: device
--     * Slot: where Description: "script.py:12"
--     * Slot: times
--     * Slot: Job_uid Description: Autocreated FK slot
-- # Class: RunDocument Description: A run.json: a run, and the format that it is written in.
--     * Slot: uid
--     * Slot: format
--     * Slot: id
--     * Slot: status
--     * Slot: workdir
--     * Slot: started
--     * Slot: ended
--     * Slot: executor Description: Snakemake's executor plugin: "local", "slurm" …
--     * Slot: snakemake_version
--     * Slot: provcap_version
--     * Slot: python_version
--     * Slot: user
--     * Slot: hostname
--     * Slot: log Description: Snakemake's own log file
--     * Slot: rerun_of Description: id of the run that this one repeats
--     * Slot: workflow_id
--     * Slot: about_id
--     * Slot: study_id Description: what people say of sample and imaging, once a sheet was put into the run
-- # Class: TextEntry Description: A text with a name.
--     * Slot: name
--     * Slot: value
--     * Slot: Acquisition_id Description: Autocreated FK slot
--     * Slot: Job_uid Description: Autocreated FK slot
--     * Slot: Image_uid Description: Autocreated FK slot
--     * Slot: Weights_id Description: Autocreated FK slot
--     * Slot: Load_id Description: Autocreated FK slot
-- # Class: Any Description: Any JSON value.
--     * Slot: id
-- # Class: Intensities_saturated
--     * Slot: Intensities_id Description: Autocreated FK slot
--     * Slot: saturated Description: at_highest of each channel or colour, where there are several
-- # Class: Acquisition_shape
--     * Slot: Acquisition_id Description: Autocreated FK slot
--     * Slot: shape Description: in the order of the axes
-- # Class: Acquisition_notes
--     * Slot: Acquisition_id Description: Autocreated FK slot
--     * Slot: notes Description: what was found odd, or left out
-- # Class: Dependence_images
--     * Slot: Dependence_id Description: Autocreated FK slot
--     * Slot: images Description: patterns of paths
-- # Class: Dependence_steps
--     * Slot: Dependence_id Description: Autocreated FK slot
--     * Slot: steps Description: rules; none: all
-- # Class: Dependence_allowed
--     * Slot: Dependence_id Description: Autocreated FK slot
--     * Slot: allowed Description: patterns, of which a text has to match one
-- # Class: Artifact_flags
--     * Slot: Artifact_id Description: Autocreated FK slot
--     * Slot: flags Description: Snakemake's: temp, protected, pipe, touch, ensure …
-- # Class: Job_env_modules
--     * Slot: Job_uid Description: Autocreated FK slot
--     * Slot: env_modules
-- # Class: Hardware_flags
--     * Slot: Hardware_uid Description: Autocreated FK slot
--     * Slot: flags Description: instruction-set flags as the kernel lists them, sorted
-- # Class: About_keywords
--     * Slot: About_id Description: Autocreated FK slot
--     * Slot: keywords
-- # Class: Quality_notes
--     * Slot: Quality_id Description: Autocreated FK slot
--     * Slot: notes
-- # Class: Run_command
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: command
-- # Class: Run_targets
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: targets Description: the files that were asked for, by name or by a target rule
-- # Class: Run_errors
--     * Slot: Run_uid Description: Autocreated FK slot
--     * Slot: errors Description: what Snakemake reported of the run as a whole
-- # Class: Environment_libraries
--     * Slot: Environment_uid Description: Autocreated FK slot
--     * Slot: libraries Description: linear algebra that numpy and R are linked with, in their own words
-- # Class: Biosample_intrinsic_variables
--     * Slot: Biosample_uid Description: Autocreated FK slot
--     * Slot: intrinsic_variables Description: alterations of its genes, say
-- # Class: Biosample_extrinsic_variables
--     * Slot: Biosample_uid Description: Autocreated FK slot
--     * Slot: extrinsic_variables Description: treatments
-- # Class: Biosample_experimental_variables
--     * Slot: Biosample_uid Description: Autocreated FK slot
--     * Slot: experimental_variables Description: what is varied between images
-- # Class: Specimen_biosamples
--     * Slot: Specimen_uid Description: Autocreated FK slot
--     * Slot: biosamples Description: their ids
-- # Class: Specimen_channels
--     * Slot: Specimen_uid Description: Autocreated FK slot
--     * Slot: channels Description: "content: biological entity", a channel each
-- # Class: Specimen_reagents
--     * Slot: Specimen_uid Description: Autocreated FK slot
--     * Slot: reagents Description: RRIDs of antibodies and other resources
-- # Class: ImageAcquisition_specimens
--     * Slot: ImageAcquisition_uid Description: Autocreated FK slot
--     * Slot: specimens Description: their ids
-- # Class: ImageData_files
--     * Slot: ImageData_uid Description: Autocreated FK slot
--     * Slot: files Description: globs over the paths of the run
-- # Class: ImageData_biosamples
--     * Slot: ImageData_uid Description: Autocreated FK slot
--     * Slot: biosamples Description: ids
-- # Class: ImageData_specimens
--     * Slot: ImageData_uid Description: Autocreated FK slot
--     * Slot: specimens
-- # Class: ImageData_acquisitions
--     * Slot: ImageData_uid Description: Autocreated FK slot
--     * Slot: acquisitions
-- # Class: ImageCorrelation_images
--     * Slot: ImageCorrelation_uid Description: Autocreated FK slot
--     * Slot: images Description: ids of ImageData
-- # Class: AnalyzedData_images
--     * Slot: AnalyzedData_uid Description: Autocreated FK slot
--     * Slot: images Description: ids of ImageData that were analysed
-- # Class: AnalyzedData_files
--     * Slot: AnalyzedData_uid Description: Autocreated FK slot
--     * Slot: files Description: globs
-- # Class: AnnotationFile_kinds
--     * Slot: AnnotationFile_id Description: Autocreated FK slot
--     * Slot: kinds Description: MIFA's annotation types, when they differ
-- # Class: Annotations_kinds
--     * Slot: Annotations_uid Description: Autocreated FK slot
--     * Slot: kinds Description: MIFA's annotation types: "segmentation_mask", "tracks" …
-- # Class: Study_keywords
--     * Slot: Study_id Description: Autocreated FK slot
--     * Slot: keywords
-- # Class: Study_models
--     * Slot: Study_id Description: Autocreated FK slot
--     * Slot: models Description: URLs of AI models that were trained on it (MIFA)
-- # Class: Tensor_shape
--     * Slot: Tensor_id Description: Autocreated FK slot
--     * Slot: shape Description: a number, the name of an open dimension, or "?" for each
-- # Class: Card_authors
--     * Slot: Card_uid Description: Autocreated FK slot
--     * Slot: authors
-- # Class: Card_cite
--     * Slot: Card_uid Description: Autocreated FK slot
--     * Slot: cite Description: a text each, with its DOI or address
-- # Class: Weights_data_types
--     * Slot: Weights_id Description: Autocreated FK slot
--     * Slot: data_types Description: of the stored arrays
-- # Class: Weights_external
--     * Slot: Weights_id Description: Autocreated FK slot
--     * Slot: external Description: files that hold arrays besides
-- # Class: Weights_notes
--     * Slot: Weights_id Description: Autocreated FK slot
--     * Slot: notes Description: what was found odd, or left out
-- # Class: Load_asked
--     * Slot: Load_id Description: Autocreated FK slot
--     * Slot: asked Description: execution providers that the job asked for
-- # Class: Load_providers
--     * Slot: Load_id Description: Autocreated FK slot
--     * Slot: providers Description: those in force, the first one first
-- # Class: RunDocument_command
--     * Slot: RunDocument_uid Description: Autocreated FK slot
--     * Slot: command
-- # Class: RunDocument_targets
--     * Slot: RunDocument_uid Description: Autocreated FK slot
--     * Slot: targets Description: the files that were asked for, by name or by a target rule
-- # Class: RunDocument_errors
--     * Slot: RunDocument_uid Description: Autocreated FK slot
--     * Slot: errors Description: what Snakemake reported of the run as a whole

CREATE TABLE "Objective" (
	id INTEGER NOT NULL,
	name TEXT,
	magnification FLOAT,
	numerical_aperture FLOAT,
	immersion TEXT,
	PRIMARY KEY (id)
);

CREATE TABLE "Intensities" (
	id INTEGER NOT NULL,
	minimum FLOAT NOT NULL,
	maximum FLOAT NOT NULL,
	mean FLOAT NOT NULL,
	lowest FLOAT,
	highest FLOAT,
	at_lowest FLOAT,
	at_highest FLOAT,
	PRIMARY KEY (id)
);

CREATE TABLE "Comparison" (
	id INTEGER NOT NULL,
	first TEXT NOT NULL,
	second TEXT NOT NULL,
	limits_digest TEXT,
	PRIMARY KEY (id)
);

CREATE TABLE "Usage" (
	id INTEGER NOT NULL,
	wall_s FLOAT,
	cpu_user_s FLOAT,
	cpu_system_s FLOAT,
	max_rss_bytes INTEGER,
	PRIMARY KEY (id)
);

CREATE TABLE "Accounting" (
	id INTEGER NOT NULL,
	state TEXT NOT NULL,
	exit_code INTEGER,
	elapsed_s FLOAT,
	cpu_s FLOAT,
	max_rss_bytes INTEGER,
	cpus INTEGER,
	memory_bytes INTEGER,
	gpus INTEGER,
	time_limit_s FLOAT,
	submitted TEXT,
	started TEXT,
	ended TEXT,
	PRIMARY KEY (id)
);

CREATE TABLE "Organization" (
	uid INTEGER NOT NULL,
	name TEXT NOT NULL,
	id TEXT,
	url TEXT,
	PRIMARY KEY (uid)
);

CREATE TABLE "Agent" (
	uid INTEGER NOT NULL,
	name TEXT NOT NULL,
	id TEXT,
	"About_id" INTEGER,
	affiliation_uid INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("About_id") REFERENCES "About" (id),
	FOREIGN KEY(affiliation_uid) REFERENCES "Organization" (uid)
);

CREATE TABLE "About" (
	id INTEGER NOT NULL,
	title TEXT,
	description TEXT,
	license TEXT,
	publisher_uid INTEGER,
	operator_uid INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(publisher_uid) REFERENCES "Organization" (uid),
	FOREIGN KEY(operator_uid) REFERENCES "Agent" (uid)
);

CREATE TABLE "Workflow" (
	id INTEGER NOT NULL,
	snakefile TEXT NOT NULL,
	repository TEXT,
	"commit" TEXT,
	dirty BOOLEAN,
	PRIMARY KEY (id)
);

CREATE TABLE "Concept" (
	uid INTEGER NOT NULL,
	name TEXT,
	id TEXT,
	iri TEXT,
	"ImageAcquisition_uid" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("ImageAcquisition_uid") REFERENCES "ImageAcquisition" (uid)
);

CREATE TABLE "Instrument" (
	id INTEGER NOT NULL,
	description TEXT NOT NULL,
	pid TEXT,
	facility TEXT,
	PRIMARY KEY (id)
);

CREATE TABLE "ImageAcquisition" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	parameters TEXT NOT NULL,
	"Study_id" INTEGER,
	instrument_id INTEGER NOT NULL,
	PRIMARY KEY (uid),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id),
	FOREIGN KEY(instrument_id) REFERENCES "Instrument" (id)
);

CREATE TABLE "Sheet" (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	size_bytes INTEGER NOT NULL,
	annotated TEXT NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE "Study" (
	id INTEGER NOT NULL,
	title TEXT NOT NULL,
	description TEXT NOT NULL,
	license TEXT,
	released TEXT,
	acknowledgements TEXT,
	funding TEXT,
	sheet_id INTEGER NOT NULL,
	kind_uid INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(sheet_id) REFERENCES "Sheet" (id),
	FOREIGN KEY(kind_uid) REFERENCES "Concept" (uid)
);

CREATE TABLE "Card" (
	uid INTEGER NOT NULL,
	file TEXT NOT NULL,
	name TEXT,
	version TEXT,
	id TEXT,
	doi TEXT,
	license TEXT,
	PRIMARY KEY (uid)
);

CREATE TABLE "Any" (
	id INTEGER NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE "Verdict" (
	id INTEGER NOT NULL,
	path TEXT NOT NULL,
	verdict VARCHAR(10) NOT NULL,
	comparator TEXT,
	reason TEXT,
	because TEXT,
	allowed BOOLEAN,
	"Comparison_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Comparison_id") REFERENCES "Comparison" (id)
);

CREATE TABLE "Source" (
	id INTEGER NOT NULL,
	path TEXT NOT NULL,
	digest TEXT NOT NULL,
	size_bytes INTEGER NOT NULL,
	role VARCHAR(9) NOT NULL,
	place TEXT NOT NULL,
	kept TEXT,
	"Workflow_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Workflow_id") REFERENCES "Workflow" (id)
);

CREATE TABLE "Term" (
	id INTEGER NOT NULL,
	"of" VARCHAR(6) NOT NULL,
	subject TEXT NOT NULL,
	iri TEXT NOT NULL,
	name TEXT,
	"About_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("About_id") REFERENCES "About" (id)
);

CREATE TABLE "Run" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	status VARCHAR(9) NOT NULL,
	workdir TEXT NOT NULL,
	started TEXT NOT NULL,
	ended TEXT,
	executor TEXT,
	snakemake_version TEXT,
	provcap_version TEXT,
	python_version TEXT,
	user TEXT,
	hostname TEXT,
	log TEXT,
	rerun_of TEXT,
	workflow_id INTEGER NOT NULL,
	about_id INTEGER,
	study_id INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY(workflow_id) REFERENCES "Workflow" (id),
	FOREIGN KEY(about_id) REFERENCES "About" (id),
	FOREIGN KEY(study_id) REFERENCES "Study" (id)
);

CREATE TABLE "Grant" (
	id INTEGER NOT NULL,
	funder TEXT NOT NULL,
	identifier TEXT,
	"Study_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "Publication" (
	id INTEGER NOT NULL,
	title TEXT,
	authors TEXT,
	doi TEXT,
	year INTEGER,
	pubmed TEXT,
	"Study_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "Link" (
	id INTEGER NOT NULL,
	url TEXT NOT NULL,
	description TEXT,
	"Study_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "Biosample" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	common_name TEXT,
	description TEXT,
	"Study_id" INTEGER,
	biological_entity_uid INTEGER NOT NULL,
	organism_uid INTEGER NOT NULL,
	tissue_uid INTEGER,
	cell_line_uid INTEGER,
	disease_uid INTEGER,
	strain_uid INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id),
	FOREIGN KEY(biological_entity_uid) REFERENCES "Concept" (uid),
	FOREIGN KEY(organism_uid) REFERENCES "Concept" (uid),
	FOREIGN KEY(tissue_uid) REFERENCES "Concept" (uid),
	FOREIGN KEY(cell_line_uid) REFERENCES "Concept" (uid),
	FOREIGN KEY(disease_uid) REFERENCES "Concept" (uid),
	FOREIGN KEY(strain_uid) REFERENCES "Concept" (uid)
);

CREATE TABLE "Specimen" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	preparation TEXT NOT NULL,
	growth_protocol TEXT,
	signal TEXT,
	location TEXT,
	status TEXT,
	protocol TEXT,
	"Study_id" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "ImageData" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	description TEXT NOT NULL,
	kind TEXT,
	processing TEXT,
	dimensions TEXT,
	pixel_size TEXT,
	channels TEXT,
	quality TEXT,
	"Study_id" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "ImageCorrelation" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	alignment TEXT NOT NULL,
	fiducials TEXT NOT NULL,
	transformations TEXT NOT NULL,
	"Study_id" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "AnalyzedData" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	method TEXT NOT NULL,
	results TEXT,
	features TEXT,
	"Study_id" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "Annotations" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	overview TEXT NOT NULL,
	method TEXT NOT NULL,
	criteria TEXT,
	coverage TEXT,
	confidence TEXT,
	"Study_id" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "RunDocument" (
	uid INTEGER NOT NULL,
	format TEXT NOT NULL,
	id TEXT NOT NULL,
	status VARCHAR(9) NOT NULL,
	workdir TEXT NOT NULL,
	started TEXT NOT NULL,
	ended TEXT,
	executor TEXT,
	snakemake_version TEXT,
	provcap_version TEXT,
	python_version TEXT,
	user TEXT,
	hostname TEXT,
	log TEXT,
	rerun_of TEXT,
	workflow_id INTEGER NOT NULL,
	about_id INTEGER,
	study_id INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY(workflow_id) REFERENCES "Workflow" (id),
	FOREIGN KEY(about_id) REFERENCES "About" (id),
	FOREIGN KEY(study_id) REFERENCES "Study" (id)
);

CREATE TABLE "Intensities_saturated" (
	"Intensities_id" INTEGER,
	saturated FLOAT,
	PRIMARY KEY ("Intensities_id", saturated),
	FOREIGN KEY("Intensities_id") REFERENCES "Intensities" (id)
);

CREATE TABLE "About_keywords" (
	"About_id" INTEGER,
	keywords TEXT,
	PRIMARY KEY ("About_id", keywords),
	FOREIGN KEY("About_id") REFERENCES "About" (id)
);

CREATE TABLE "ImageAcquisition_specimens" (
	"ImageAcquisition_uid" INTEGER,
	specimens TEXT,
	PRIMARY KEY ("ImageAcquisition_uid", specimens),
	FOREIGN KEY("ImageAcquisition_uid") REFERENCES "ImageAcquisition" (uid)
);

CREATE TABLE "Study_keywords" (
	"Study_id" INTEGER,
	keywords TEXT,
	PRIMARY KEY ("Study_id", keywords),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "Study_models" (
	"Study_id" INTEGER,
	models TEXT,
	PRIMARY KEY ("Study_id", models),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id)
);

CREATE TABLE "Card_authors" (
	"Card_uid" INTEGER,
	authors TEXT,
	PRIMARY KEY ("Card_uid", authors),
	FOREIGN KEY("Card_uid") REFERENCES "Card" (uid)
);

CREATE TABLE "Card_cite" (
	"Card_uid" INTEGER,
	cite TEXT,
	PRIMARY KEY ("Card_uid", cite),
	FOREIGN KEY("Card_uid") REFERENCES "Card" (uid)
);

CREATE TABLE "Acquisition" (
	id INTEGER NOT NULL,
	file TEXT NOT NULL,
	format TEXT NOT NULL,
	reader TEXT NOT NULL,
	axes TEXT,
	data_type TEXT,
	significant_bits INTEGER,
	pixel_size_x_um FLOAT,
	pixel_size_y_um FLOAT,
	pixel_size_z_um FLOAT,
	time_increment_s FLOAT,
	microscope TEXT,
	acquired TEXT,
	writer TEXT,
	images INTEGER,
	metadata TEXT,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	objective_id INTEGER,
	intensities_id INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid),
	FOREIGN KEY(objective_id) REFERENCES "Objective" (id),
	FOREIGN KEY(intensities_id) REFERENCES "Intensities" (id)
);

CREATE TABLE "Measure" (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	unit TEXT,
	direction VARCHAR(7),
	about TEXT,
	kept BOOLEAN,
	"Verdict_id" INTEGER,
	value_id INTEGER,
	limit_id INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Verdict_id") REFERENCES "Verdict" (id),
	FOREIGN KEY(value_id) REFERENCES "Any" (id),
	FOREIGN KEY(limit_id) REFERENCES "Any" (id)
);

CREATE TABLE "Dependence" (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	because TEXT NOT NULL,
	source TEXT NOT NULL,
	line INTEGER NOT NULL,
	minimum FLOAT,
	maximum FLOAT,
	unit TEXT,
	if_violated VARCHAR(5),
	if_unknown VARCHAR(5),
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	channel_id INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid),
	FOREIGN KEY(channel_id) REFERENCES "Any" (id)
);

CREATE TABLE "Embedding" (
	id INTEGER NOT NULL,
	path TEXT NOT NULL,
	file TEXT NOT NULL,
	embedded TEXT NOT NULL,
	size_bytes INTEGER NOT NULL,
	pixels TEXT NOT NULL,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Gap" (
	id INTEGER NOT NULL,
	slug TEXT NOT NULL,
	subject TEXT NOT NULL,
	message TEXT NOT NULL,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Job" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	run TEXT NOT NULL,
	rule TEXT NOT NULL,
	status VARCHAR(10) NOT NULL,
	attempt INTEGER,
	kind TEXT,
	threads INTEGER,
	"group" TEXT,
	command TEXT,
	script TEXT,
	benchmark TEXT,
	image TEXT,
	environment TEXT,
	hardware TEXT,
	conda_env TEXT,
	imports TEXT,
	filesystem TEXT,
	network VARCHAR(6),
	started TEXT,
	ended TEXT,
	exit_code INTEGER,
	error TEXT,
	log_tail TEXT,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	params_id INTEGER,
	resources_id INTEGER,
	limits_id INTEGER,
	redactions_id INTEGER,
	accounting_id INTEGER,
	usage_id INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid),
	FOREIGN KEY(params_id) REFERENCES "Any" (id),
	FOREIGN KEY(resources_id) REFERENCES "Any" (id),
	FOREIGN KEY(limits_id) REFERENCES "Any" (id),
	FOREIGN KEY(redactions_id) REFERENCES "Any" (id),
	FOREIGN KEY(accounting_id) REFERENCES "Accounting" (id),
	FOREIGN KEY(usage_id) REFERENCES "Usage" (id)
);

CREATE TABLE "Hardware" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	hostname TEXT,
	architecture TEXT,
	cpu_model TEXT,
	cpus_logical INTEGER,
	cpus_physical INTEGER,
	memory_bytes INTEGER,
	kernel TEXT,
	os_name TEXT,
	microarchitecture TEXT,
	sockets INTEGER,
	hypervisor TEXT,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Quality" (
	id INTEGER NOT NULL,
	file TEXT NOT NULL,
	reader TEXT NOT NULL,
	measured TEXT NOT NULL,
	data_type TEXT,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Origin" (
	id INTEGER NOT NULL,
	run TEXT NOT NULL,
	record TEXT NOT NULL,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Assessment" (
	id INTEGER NOT NULL,
	first TEXT,
	size_bytes INTEGER,
	second TEXT,
	limits TEXT,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	verdict_id INTEGER NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid),
	FOREIGN KEY(verdict_id) REFERENCES "Verdict" (id)
);

CREATE TABLE "Step" (
	id INTEGER NOT NULL,
	rule TEXT NOT NULL,
	source TEXT,
	line INTEGER,
	description TEXT,
	script TEXT,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Imports" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Environment" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	os_name TEXT,
	os_id TEXT,
	os_version TEXT,
	collector TEXT,
	probe TEXT,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Image" (
	uid INTEGER NOT NULL,
	id TEXT NOT NULL,
	reference TEXT NOT NULL,
	kind VARCHAR(7),
	path TEXT,
	digest TEXT,
	size_bytes INTEGER,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Contributor" (
	uid INTEGER NOT NULL,
	name TEXT NOT NULL,
	id TEXT,
	role TEXT,
	"Annotations_uid" INTEGER,
	"Study_id" INTEGER,
	affiliation_uid INTEGER,
	PRIMARY KEY (uid),
	FOREIGN KEY("Annotations_uid") REFERENCES "Annotations" (uid),
	FOREIGN KEY("Study_id") REFERENCES "Study" (id),
	FOREIGN KEY(affiliation_uid) REFERENCES "Organization" (uid)
);

CREATE TABLE "AnnotationFile" (
	id INTEGER NOT NULL,
	annotation TEXT NOT NULL,
	file TEXT NOT NULL,
	source_image TEXT NOT NULL,
	transformations TEXT,
	spatial_information TEXT,
	created TEXT,
	"Annotations_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Annotations_uid") REFERENCES "Annotations" (uid)
);

CREATE TABLE "Weights" (
	id INTEGER NOT NULL,
	digest TEXT NOT NULL,
	format TEXT NOT NULL,
	reader TEXT NOT NULL,
	file TEXT,
	member TEXT,
	size_bytes INTEGER,
	ir_version INTEGER,
	producer TEXT,
	name TEXT,
	version TEXT,
	description TEXT,
	tensors INTEGER,
	parameters INTEGER,
	pickled BOOLEAN,
	"Run_uid" INTEGER,
	"RunDocument_uid" INTEGER,
	opsets_id INTEGER,
	card_uid INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid),
	FOREIGN KEY(opsets_id) REFERENCES "Any" (id),
	FOREIGN KEY(card_uid) REFERENCES "Card" (uid)
);

CREATE TABLE "Run_command" (
	"Run_uid" INTEGER,
	command TEXT,
	PRIMARY KEY ("Run_uid", command),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid)
);

CREATE TABLE "Run_targets" (
	"Run_uid" INTEGER,
	targets TEXT,
	PRIMARY KEY ("Run_uid", targets),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid)
);

CREATE TABLE "Run_errors" (
	"Run_uid" INTEGER,
	errors TEXT,
	PRIMARY KEY ("Run_uid", errors),
	FOREIGN KEY("Run_uid") REFERENCES "Run" (uid)
);

CREATE TABLE "Biosample_intrinsic_variables" (
	"Biosample_uid" INTEGER,
	intrinsic_variables TEXT,
	PRIMARY KEY ("Biosample_uid", intrinsic_variables),
	FOREIGN KEY("Biosample_uid") REFERENCES "Biosample" (uid)
);

CREATE TABLE "Biosample_extrinsic_variables" (
	"Biosample_uid" INTEGER,
	extrinsic_variables TEXT,
	PRIMARY KEY ("Biosample_uid", extrinsic_variables),
	FOREIGN KEY("Biosample_uid") REFERENCES "Biosample" (uid)
);

CREATE TABLE "Biosample_experimental_variables" (
	"Biosample_uid" INTEGER,
	experimental_variables TEXT,
	PRIMARY KEY ("Biosample_uid", experimental_variables),
	FOREIGN KEY("Biosample_uid") REFERENCES "Biosample" (uid)
);

CREATE TABLE "Specimen_biosamples" (
	"Specimen_uid" INTEGER,
	biosamples TEXT NOT NULL,
	PRIMARY KEY ("Specimen_uid", biosamples),
	FOREIGN KEY("Specimen_uid") REFERENCES "Specimen" (uid)
);

CREATE TABLE "Specimen_channels" (
	"Specimen_uid" INTEGER,
	channels TEXT,
	PRIMARY KEY ("Specimen_uid", channels),
	FOREIGN KEY("Specimen_uid") REFERENCES "Specimen" (uid)
);

CREATE TABLE "Specimen_reagents" (
	"Specimen_uid" INTEGER,
	reagents TEXT,
	PRIMARY KEY ("Specimen_uid", reagents),
	FOREIGN KEY("Specimen_uid") REFERENCES "Specimen" (uid)
);

CREATE TABLE "ImageData_files" (
	"ImageData_uid" INTEGER,
	files TEXT,
	PRIMARY KEY ("ImageData_uid", files),
	FOREIGN KEY("ImageData_uid") REFERENCES "ImageData" (uid)
);

CREATE TABLE "ImageData_biosamples" (
	"ImageData_uid" INTEGER,
	biosamples TEXT,
	PRIMARY KEY ("ImageData_uid", biosamples),
	FOREIGN KEY("ImageData_uid") REFERENCES "ImageData" (uid)
);

CREATE TABLE "ImageData_specimens" (
	"ImageData_uid" INTEGER,
	specimens TEXT,
	PRIMARY KEY ("ImageData_uid", specimens),
	FOREIGN KEY("ImageData_uid") REFERENCES "ImageData" (uid)
);

CREATE TABLE "ImageData_acquisitions" (
	"ImageData_uid" INTEGER,
	acquisitions TEXT,
	PRIMARY KEY ("ImageData_uid", acquisitions),
	FOREIGN KEY("ImageData_uid") REFERENCES "ImageData" (uid)
);

CREATE TABLE "ImageCorrelation_images" (
	"ImageCorrelation_uid" INTEGER,
	images TEXT,
	PRIMARY KEY ("ImageCorrelation_uid", images),
	FOREIGN KEY("ImageCorrelation_uid") REFERENCES "ImageCorrelation" (uid)
);

CREATE TABLE "AnalyzedData_images" (
	"AnalyzedData_uid" INTEGER,
	images TEXT,
	PRIMARY KEY ("AnalyzedData_uid", images),
	FOREIGN KEY("AnalyzedData_uid") REFERENCES "AnalyzedData" (uid)
);

CREATE TABLE "AnalyzedData_files" (
	"AnalyzedData_uid" INTEGER,
	files TEXT,
	PRIMARY KEY ("AnalyzedData_uid", files),
	FOREIGN KEY("AnalyzedData_uid") REFERENCES "AnalyzedData" (uid)
);

CREATE TABLE "Annotations_kinds" (
	"Annotations_uid" INTEGER,
	kinds TEXT NOT NULL,
	PRIMARY KEY ("Annotations_uid", kinds),
	FOREIGN KEY("Annotations_uid") REFERENCES "Annotations" (uid)
);

CREATE TABLE "RunDocument_command" (
	"RunDocument_uid" INTEGER,
	command TEXT,
	PRIMARY KEY ("RunDocument_uid", command),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "RunDocument_targets" (
	"RunDocument_uid" INTEGER,
	targets TEXT,
	PRIMARY KEY ("RunDocument_uid", targets),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "RunDocument_errors" (
	"RunDocument_uid" INTEGER,
	errors TEXT,
	PRIMARY KEY ("RunDocument_uid", errors),
	FOREIGN KEY("RunDocument_uid") REFERENCES "RunDocument" (uid)
);

CREATE TABLE "Channel" (
	id INTEGER NOT NULL,
	name TEXT,
	fluorophore TEXT,
	excitation_nm FLOAT,
	emission_nm FLOAT,
	exposure_s FLOAT,
	detector TEXT,
	light_source TEXT,
	illumination TEXT,
	contrast TEXT,
	mode TEXT,
	binning TEXT,
	"Acquisition_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Acquisition_id") REFERENCES "Acquisition" (id)
);

CREATE TABLE "Judgement" (
	id INTEGER NOT NULL,
	path TEXT NOT NULL,
	verdict VARCHAR(8) NOT NULL,
	about TEXT,
	origin TEXT,
	why TEXT,
	file TEXT,
	"Dependence_id" INTEGER,
	value_id INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Dependence_id") REFERENCES "Dependence" (id),
	FOREIGN KEY(value_id) REFERENCES "Any" (id)
);

CREATE TABLE "Artifact" (
	id INTEGER NOT NULL,
	path TEXT NOT NULL,
	kind VARCHAR(9),
	digest TEXT,
	size_bytes INTEGER,
	media_type TEXT,
	name TEXT,
	"query" TEXT,
	"Job_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Job_uid") REFERENCES "Job" (uid)
);

CREATE TABLE "Draw" (
	id INTEGER NOT NULL,
	source TEXT NOT NULL,
	kind VARCHAR(8) NOT NULL,
	value TEXT,
	"where" TEXT,
	process INTEGER,
	"order" INTEGER,
	"Job_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Job_uid") REFERENCES "Job" (uid)
);

CREATE TABLE "Gpu" (
	id INTEGER NOT NULL,
	model TEXT NOT NULL,
	driver TEXT,
	cuda TEXT,
	memory_bytes INTEGER,
	"Hardware_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Hardware_uid") REFERENCES "Hardware" (uid)
);

CREATE TABLE "QualityMeasure" (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	value FLOAT NOT NULL,
	unit TEXT NOT NULL,
	method TEXT NOT NULL,
	channel INTEGER,
	channel_name TEXT,
	time INTEGER,
	"Quality_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Quality_id") REFERENCES "Quality" (id)
);

CREATE TABLE "Package" (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	version TEXT NOT NULL,
	manager VARCHAR(5) NOT NULL,
	origin TEXT,
	architecture TEXT,
	editable BOOLEAN,
	"Environment_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Environment_uid") REFERENCES "Environment" (uid)
);

CREATE TABLE "Interpreter" (
	id INTEGER NOT NULL,
	language TEXT NOT NULL,
	version TEXT NOT NULL,
	path TEXT NOT NULL,
	build TEXT,
	"Environment_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Environment_uid") REFERENCES "Environment" (uid)
);

CREATE TABLE "Library" (
	id INTEGER NOT NULL,
	path TEXT NOT NULL,
	digest TEXT,
	"Imports_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Imports_uid") REFERENCES "Imports" (uid)
);

CREATE TABLE "Module" (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	version TEXT,
	distribution TEXT,
	from_host BOOLEAN,
	"Imports_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Imports_uid") REFERENCES "Imports" (uid)
);

CREATE TABLE "Tool" (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	path TEXT NOT NULL,
	package TEXT,
	version TEXT,
	"Job_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Job_uid") REFERENCES "Job" (uid)
);

CREATE TABLE "Tensor" (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	data_type TEXT,
	"Weights_id" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Weights_id") REFERENCES "Weights" (id)
);

CREATE TABLE "Load" (
	id INTEGER NOT NULL,
	library TEXT NOT NULL,
	version TEXT,
	path TEXT,
	digest TEXT,
	size_bytes INTEGER,
	device TEXT,
	"where" TEXT,
	times INTEGER,
	"Job_uid" INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY("Job_uid") REFERENCES "Job" (uid)
);

CREATE TABLE "Acquisition_shape" (
	"Acquisition_id" INTEGER,
	shape INTEGER,
	PRIMARY KEY ("Acquisition_id", shape),
	FOREIGN KEY("Acquisition_id") REFERENCES "Acquisition" (id)
);

CREATE TABLE "Acquisition_notes" (
	"Acquisition_id" INTEGER,
	notes TEXT,
	PRIMARY KEY ("Acquisition_id", notes),
	FOREIGN KEY("Acquisition_id") REFERENCES "Acquisition" (id)
);

CREATE TABLE "Dependence_images" (
	"Dependence_id" INTEGER,
	images TEXT NOT NULL,
	PRIMARY KEY ("Dependence_id", images),
	FOREIGN KEY("Dependence_id") REFERENCES "Dependence" (id)
);

CREATE TABLE "Dependence_steps" (
	"Dependence_id" INTEGER,
	steps TEXT,
	PRIMARY KEY ("Dependence_id", steps),
	FOREIGN KEY("Dependence_id") REFERENCES "Dependence" (id)
);

CREATE TABLE "Dependence_allowed" (
	"Dependence_id" INTEGER,
	allowed TEXT,
	PRIMARY KEY ("Dependence_id", allowed),
	FOREIGN KEY("Dependence_id") REFERENCES "Dependence" (id)
);

CREATE TABLE "Job_env_modules" (
	"Job_uid" INTEGER,
	env_modules TEXT,
	PRIMARY KEY ("Job_uid", env_modules),
	FOREIGN KEY("Job_uid") REFERENCES "Job" (uid)
);

CREATE TABLE "Hardware_flags" (
	"Hardware_uid" INTEGER,
	flags TEXT,
	PRIMARY KEY ("Hardware_uid", flags),
	FOREIGN KEY("Hardware_uid") REFERENCES "Hardware" (uid)
);

CREATE TABLE "Quality_notes" (
	"Quality_id" INTEGER,
	notes TEXT,
	PRIMARY KEY ("Quality_id", notes),
	FOREIGN KEY("Quality_id") REFERENCES "Quality" (id)
);

CREATE TABLE "Environment_libraries" (
	"Environment_uid" INTEGER,
	libraries TEXT,
	PRIMARY KEY ("Environment_uid", libraries),
	FOREIGN KEY("Environment_uid") REFERENCES "Environment" (uid)
);

CREATE TABLE "AnnotationFile_kinds" (
	"AnnotationFile_id" INTEGER,
	kinds TEXT,
	PRIMARY KEY ("AnnotationFile_id", kinds),
	FOREIGN KEY("AnnotationFile_id") REFERENCES "AnnotationFile" (id)
);

CREATE TABLE "Weights_data_types" (
	"Weights_id" INTEGER,
	data_types TEXT,
	PRIMARY KEY ("Weights_id", data_types),
	FOREIGN KEY("Weights_id") REFERENCES "Weights" (id)
);

CREATE TABLE "Weights_external" (
	"Weights_id" INTEGER,
	external TEXT,
	PRIMARY KEY ("Weights_id", external),
	FOREIGN KEY("Weights_id") REFERENCES "Weights" (id)
);

CREATE TABLE "Weights_notes" (
	"Weights_id" INTEGER,
	notes TEXT,
	PRIMARY KEY ("Weights_id", notes),
	FOREIGN KEY("Weights_id") REFERENCES "Weights" (id)
);

CREATE TABLE "TextEntry" (
	name TEXT NOT NULL,
	value TEXT,
	"Acquisition_id" INTEGER,
	"Job_uid" INTEGER,
	"Image_uid" INTEGER,
	"Weights_id" INTEGER,
	"Load_id" INTEGER,
	PRIMARY KEY (name, value, "Acquisition_id", "Job_uid", "Image_uid", "Weights_id", "Load_id"),
	UNIQUE ("Acquisition_id", name),
	UNIQUE ("Job_uid", name),
	UNIQUE ("Image_uid", name),
	UNIQUE ("Weights_id", name),
	UNIQUE ("Load_id", name),
	FOREIGN KEY("Acquisition_id") REFERENCES "Acquisition" (id),
	FOREIGN KEY("Job_uid") REFERENCES "Job" (uid),
	FOREIGN KEY("Image_uid") REFERENCES "Image" (uid),
	FOREIGN KEY("Weights_id") REFERENCES "Weights" (id),
	FOREIGN KEY("Load_id") REFERENCES "Load" (id)
);

CREATE TABLE "Artifact_flags" (
	"Artifact_id" INTEGER,
	flags TEXT,
	PRIMARY KEY ("Artifact_id", flags),
	FOREIGN KEY("Artifact_id") REFERENCES "Artifact" (id)
);

CREATE TABLE "Tensor_shape" (
	"Tensor_id" INTEGER,
	shape TEXT,
	PRIMARY KEY ("Tensor_id", shape),
	FOREIGN KEY("Tensor_id") REFERENCES "Tensor" (id)
);

CREATE TABLE "Load_asked" (
	"Load_id" INTEGER,
	asked TEXT,
	PRIMARY KEY ("Load_id", asked),
	FOREIGN KEY("Load_id") REFERENCES "Load" (id)
);

CREATE TABLE "Load_providers" (
	"Load_id" INTEGER,
	providers TEXT,
	PRIMARY KEY ("Load_id", providers),
	FOREIGN KEY("Load_id") REFERENCES "Load" (id)
);

CREATE INDEX "TextEntry_Acquisition_id_name_idx" ON "TextEntry" ("Acquisition_id", name);
CREATE INDEX "TextEntry_Image_uid_name_idx" ON "TextEntry" ("Image_uid", name);
CREATE INDEX "TextEntry_Job_uid_name_idx" ON "TextEntry" ("Job_uid", name);
CREATE INDEX "TextEntry_Load_id_name_idx" ON "TextEntry" ("Load_id", name);
CREATE INDEX "TextEntry_Weights_id_name_idx" ON "TextEntry" ("Weights_id", name);
CREATE INDEX "ix_About_id" ON "About" (id);
CREATE INDEX "ix_About_keywords_About_id" ON "About_keywords" ("About_id");
CREATE INDEX "ix_About_keywords_keywords" ON "About_keywords" (keywords);
CREATE INDEX "ix_Accounting_id" ON "Accounting" (id);
CREATE INDEX "ix_Acquisition_id" ON "Acquisition" (id);
CREATE INDEX "ix_Acquisition_notes_Acquisition_id" ON "Acquisition_notes" ("Acquisition_id");
CREATE INDEX "ix_Acquisition_notes_notes" ON "Acquisition_notes" (notes);
CREATE INDEX "ix_Acquisition_shape_Acquisition_id" ON "Acquisition_shape" ("Acquisition_id");
CREATE INDEX "ix_Acquisition_shape_shape" ON "Acquisition_shape" (shape);
CREATE INDEX "ix_Agent_uid" ON "Agent" (uid);
CREATE INDEX "ix_AnalyzedData_files_AnalyzedData_uid" ON "AnalyzedData_files" ("AnalyzedData_uid");
CREATE INDEX "ix_AnalyzedData_files_files" ON "AnalyzedData_files" (files);
CREATE INDEX "ix_AnalyzedData_images_AnalyzedData_uid" ON "AnalyzedData_images" ("AnalyzedData_uid");
CREATE INDEX "ix_AnalyzedData_images_images" ON "AnalyzedData_images" (images);
CREATE INDEX "ix_AnalyzedData_uid" ON "AnalyzedData" (uid);
CREATE INDEX "ix_AnnotationFile_id" ON "AnnotationFile" (id);
CREATE INDEX "ix_AnnotationFile_kinds_AnnotationFile_id" ON "AnnotationFile_kinds" ("AnnotationFile_id");
CREATE INDEX "ix_AnnotationFile_kinds_kinds" ON "AnnotationFile_kinds" (kinds);
CREATE INDEX "ix_Annotations_kinds_Annotations_uid" ON "Annotations_kinds" ("Annotations_uid");
CREATE INDEX "ix_Annotations_kinds_kinds" ON "Annotations_kinds" (kinds);
CREATE INDEX "ix_Annotations_uid" ON "Annotations" (uid);
CREATE INDEX "ix_Any_id" ON "Any" (id);
CREATE INDEX "ix_Artifact_flags_Artifact_id" ON "Artifact_flags" ("Artifact_id");
CREATE INDEX "ix_Artifact_flags_flags" ON "Artifact_flags" (flags);
CREATE INDEX "ix_Artifact_id" ON "Artifact" (id);
CREATE INDEX "ix_Assessment_id" ON "Assessment" (id);
CREATE INDEX "ix_Biosample_experimental_variables_Biosample_uid" ON "Biosample_experimental_variables" ("Biosample_uid");
CREATE INDEX "ix_Biosample_experimental_variables_experimental_variables" ON "Biosample_experimental_variables" (experimental_variables);
CREATE INDEX "ix_Biosample_extrinsic_variables_Biosample_uid" ON "Biosample_extrinsic_variables" ("Biosample_uid");
CREATE INDEX "ix_Biosample_extrinsic_variables_extrinsic_variables" ON "Biosample_extrinsic_variables" (extrinsic_variables);
CREATE INDEX "ix_Biosample_intrinsic_variables_Biosample_uid" ON "Biosample_intrinsic_variables" ("Biosample_uid");
CREATE INDEX "ix_Biosample_intrinsic_variables_intrinsic_variables" ON "Biosample_intrinsic_variables" (intrinsic_variables);
CREATE INDEX "ix_Biosample_uid" ON "Biosample" (uid);
CREATE INDEX "ix_Card_authors_Card_uid" ON "Card_authors" ("Card_uid");
CREATE INDEX "ix_Card_authors_authors" ON "Card_authors" (authors);
CREATE INDEX "ix_Card_cite_Card_uid" ON "Card_cite" ("Card_uid");
CREATE INDEX "ix_Card_cite_cite" ON "Card_cite" (cite);
CREATE INDEX "ix_Card_uid" ON "Card" (uid);
CREATE INDEX "ix_Channel_id" ON "Channel" (id);
CREATE INDEX "ix_Comparison_id" ON "Comparison" (id);
CREATE INDEX "ix_Concept_uid" ON "Concept" (uid);
CREATE INDEX "ix_Contributor_uid" ON "Contributor" (uid);
CREATE INDEX "ix_Dependence_allowed_Dependence_id" ON "Dependence_allowed" ("Dependence_id");
CREATE INDEX "ix_Dependence_allowed_allowed" ON "Dependence_allowed" (allowed);
CREATE INDEX "ix_Dependence_id" ON "Dependence" (id);
CREATE INDEX "ix_Dependence_images_Dependence_id" ON "Dependence_images" ("Dependence_id");
CREATE INDEX "ix_Dependence_images_images" ON "Dependence_images" (images);
CREATE INDEX "ix_Dependence_steps_Dependence_id" ON "Dependence_steps" ("Dependence_id");
CREATE INDEX "ix_Dependence_steps_steps" ON "Dependence_steps" (steps);
CREATE INDEX "ix_Draw_id" ON "Draw" (id);
CREATE INDEX "ix_Embedding_id" ON "Embedding" (id);
CREATE INDEX "ix_Environment_libraries_Environment_uid" ON "Environment_libraries" ("Environment_uid");
CREATE INDEX "ix_Environment_libraries_libraries" ON "Environment_libraries" (libraries);
CREATE INDEX "ix_Environment_uid" ON "Environment" (uid);
CREATE INDEX "ix_Gap_id" ON "Gap" (id);
CREATE INDEX "ix_Gpu_id" ON "Gpu" (id);
CREATE INDEX "ix_Grant_id" ON "Grant" (id);
CREATE INDEX "ix_Hardware_flags_Hardware_uid" ON "Hardware_flags" ("Hardware_uid");
CREATE INDEX "ix_Hardware_flags_flags" ON "Hardware_flags" (flags);
CREATE INDEX "ix_Hardware_uid" ON "Hardware" (uid);
CREATE INDEX "ix_ImageAcquisition_specimens_ImageAcquisition_uid" ON "ImageAcquisition_specimens" ("ImageAcquisition_uid");
CREATE INDEX "ix_ImageAcquisition_specimens_specimens" ON "ImageAcquisition_specimens" (specimens);
CREATE INDEX "ix_ImageAcquisition_uid" ON "ImageAcquisition" (uid);
CREATE INDEX "ix_ImageCorrelation_images_ImageCorrelation_uid" ON "ImageCorrelation_images" ("ImageCorrelation_uid");
CREATE INDEX "ix_ImageCorrelation_images_images" ON "ImageCorrelation_images" (images);
CREATE INDEX "ix_ImageCorrelation_uid" ON "ImageCorrelation" (uid);
CREATE INDEX "ix_ImageData_acquisitions_ImageData_uid" ON "ImageData_acquisitions" ("ImageData_uid");
CREATE INDEX "ix_ImageData_acquisitions_acquisitions" ON "ImageData_acquisitions" (acquisitions);
CREATE INDEX "ix_ImageData_biosamples_ImageData_uid" ON "ImageData_biosamples" ("ImageData_uid");
CREATE INDEX "ix_ImageData_biosamples_biosamples" ON "ImageData_biosamples" (biosamples);
CREATE INDEX "ix_ImageData_files_ImageData_uid" ON "ImageData_files" ("ImageData_uid");
CREATE INDEX "ix_ImageData_files_files" ON "ImageData_files" (files);
CREATE INDEX "ix_ImageData_specimens_ImageData_uid" ON "ImageData_specimens" ("ImageData_uid");
CREATE INDEX "ix_ImageData_specimens_specimens" ON "ImageData_specimens" (specimens);
CREATE INDEX "ix_ImageData_uid" ON "ImageData" (uid);
CREATE INDEX "ix_Image_uid" ON "Image" (uid);
CREATE INDEX "ix_Imports_uid" ON "Imports" (uid);
CREATE INDEX "ix_Instrument_id" ON "Instrument" (id);
CREATE INDEX "ix_Intensities_id" ON "Intensities" (id);
CREATE INDEX "ix_Intensities_saturated_Intensities_id" ON "Intensities_saturated" ("Intensities_id");
CREATE INDEX "ix_Intensities_saturated_saturated" ON "Intensities_saturated" (saturated);
CREATE INDEX "ix_Interpreter_id" ON "Interpreter" (id);
CREATE INDEX "ix_Job_env_modules_Job_uid" ON "Job_env_modules" ("Job_uid");
CREATE INDEX "ix_Job_env_modules_env_modules" ON "Job_env_modules" (env_modules);
CREATE INDEX "ix_Job_uid" ON "Job" (uid);
CREATE INDEX "ix_Judgement_id" ON "Judgement" (id);
CREATE INDEX "ix_Library_id" ON "Library" (id);
CREATE INDEX "ix_Link_id" ON "Link" (id);
CREATE INDEX "ix_Load_asked_Load_id" ON "Load_asked" ("Load_id");
CREATE INDEX "ix_Load_asked_asked" ON "Load_asked" (asked);
CREATE INDEX "ix_Load_id" ON "Load" (id);
CREATE INDEX "ix_Load_providers_Load_id" ON "Load_providers" ("Load_id");
CREATE INDEX "ix_Load_providers_providers" ON "Load_providers" (providers);
CREATE INDEX "ix_Measure_id" ON "Measure" (id);
CREATE INDEX "ix_Module_id" ON "Module" (id);
CREATE INDEX "ix_Objective_id" ON "Objective" (id);
CREATE INDEX "ix_Organization_uid" ON "Organization" (uid);
CREATE INDEX "ix_Origin_id" ON "Origin" (id);
CREATE INDEX "ix_Package_id" ON "Package" (id);
CREATE INDEX "ix_Publication_id" ON "Publication" (id);
CREATE INDEX "ix_QualityMeasure_id" ON "QualityMeasure" (id);
CREATE INDEX "ix_Quality_id" ON "Quality" (id);
CREATE INDEX "ix_Quality_notes_Quality_id" ON "Quality_notes" ("Quality_id");
CREATE INDEX "ix_Quality_notes_notes" ON "Quality_notes" (notes);
CREATE INDEX "ix_RunDocument_command_RunDocument_uid" ON "RunDocument_command" ("RunDocument_uid");
CREATE INDEX "ix_RunDocument_command_command" ON "RunDocument_command" (command);
CREATE INDEX "ix_RunDocument_errors_RunDocument_uid" ON "RunDocument_errors" ("RunDocument_uid");
CREATE INDEX "ix_RunDocument_errors_errors" ON "RunDocument_errors" (errors);
CREATE INDEX "ix_RunDocument_targets_RunDocument_uid" ON "RunDocument_targets" ("RunDocument_uid");
CREATE INDEX "ix_RunDocument_targets_targets" ON "RunDocument_targets" (targets);
CREATE INDEX "ix_RunDocument_uid" ON "RunDocument" (uid);
CREATE INDEX "ix_Run_command_Run_uid" ON "Run_command" ("Run_uid");
CREATE INDEX "ix_Run_command_command" ON "Run_command" (command);
CREATE INDEX "ix_Run_errors_Run_uid" ON "Run_errors" ("Run_uid");
CREATE INDEX "ix_Run_errors_errors" ON "Run_errors" (errors);
CREATE INDEX "ix_Run_targets_Run_uid" ON "Run_targets" ("Run_uid");
CREATE INDEX "ix_Run_targets_targets" ON "Run_targets" (targets);
CREATE INDEX "ix_Run_uid" ON "Run" (uid);
CREATE INDEX "ix_Sheet_id" ON "Sheet" (id);
CREATE INDEX "ix_Source_id" ON "Source" (id);
CREATE INDEX "ix_Specimen_biosamples_Specimen_uid" ON "Specimen_biosamples" ("Specimen_uid");
CREATE INDEX "ix_Specimen_biosamples_biosamples" ON "Specimen_biosamples" (biosamples);
CREATE INDEX "ix_Specimen_channels_Specimen_uid" ON "Specimen_channels" ("Specimen_uid");
CREATE INDEX "ix_Specimen_channels_channels" ON "Specimen_channels" (channels);
CREATE INDEX "ix_Specimen_reagents_Specimen_uid" ON "Specimen_reagents" ("Specimen_uid");
CREATE INDEX "ix_Specimen_reagents_reagents" ON "Specimen_reagents" (reagents);
CREATE INDEX "ix_Specimen_uid" ON "Specimen" (uid);
CREATE INDEX "ix_Step_id" ON "Step" (id);
CREATE INDEX "ix_Study_id" ON "Study" (id);
CREATE INDEX "ix_Study_keywords_Study_id" ON "Study_keywords" ("Study_id");
CREATE INDEX "ix_Study_keywords_keywords" ON "Study_keywords" (keywords);
CREATE INDEX "ix_Study_models_Study_id" ON "Study_models" ("Study_id");
CREATE INDEX "ix_Study_models_models" ON "Study_models" (models);
CREATE INDEX "ix_Tensor_id" ON "Tensor" (id);
CREATE INDEX "ix_Tensor_shape_Tensor_id" ON "Tensor_shape" ("Tensor_id");
CREATE INDEX "ix_Tensor_shape_shape" ON "Tensor_shape" (shape);
CREATE INDEX "ix_Term_id" ON "Term" (id);
CREATE INDEX "ix_TextEntry_Acquisition_id" ON "TextEntry" ("Acquisition_id");
CREATE INDEX "ix_TextEntry_Image_uid" ON "TextEntry" ("Image_uid");
CREATE INDEX "ix_TextEntry_Job_uid" ON "TextEntry" ("Job_uid");
CREATE INDEX "ix_TextEntry_Load_id" ON "TextEntry" ("Load_id");
CREATE INDEX "ix_TextEntry_Weights_id" ON "TextEntry" ("Weights_id");
CREATE INDEX "ix_TextEntry_name" ON "TextEntry" (name);
CREATE INDEX "ix_TextEntry_value" ON "TextEntry" (value);
CREATE INDEX "ix_Tool_id" ON "Tool" (id);
CREATE INDEX "ix_Usage_id" ON "Usage" (id);
CREATE INDEX "ix_Verdict_id" ON "Verdict" (id);
CREATE INDEX "ix_Weights_data_types_Weights_id" ON "Weights_data_types" ("Weights_id");
CREATE INDEX "ix_Weights_data_types_data_types" ON "Weights_data_types" (data_types);
CREATE INDEX "ix_Weights_external_Weights_id" ON "Weights_external" ("Weights_id");
CREATE INDEX "ix_Weights_external_external" ON "Weights_external" (external);
CREATE INDEX "ix_Weights_id" ON "Weights" (id);
CREATE INDEX "ix_Weights_notes_Weights_id" ON "Weights_notes" ("Weights_id");
CREATE INDEX "ix_Weights_notes_notes" ON "Weights_notes" (notes);
CREATE INDEX "ix_Workflow_id" ON "Workflow" (id);
