"""Papers that authors of software ask to have cited, by the name that its package has in a record."""

from __future__ import annotations

from collections.abc import Iterable

WORKS = {
    "snakemake": "Snakemake: Mölder F. et al. (2021). Sustainable data analysis with Snakemake. "
    "F1000Research 10:33. doi:10.12688/f1000research.29032.2",
    "apptainer": "Apptainer (Singularity): Kurtzer G. M. et al. (2017). Singularity: Scientific containers for "
    "mobility of compute. PLOS ONE 12(5):e0177459. doi:10.1371/journal.pone.0177459",
    "numpy": "NumPy: Harris C. R. et al. (2020). Array programming with NumPy. "
    "Nature 585:357–362. doi:10.1038/s41586-020-2649-2",
    "scipy": "SciPy: Virtanen P. et al. (2020). SciPy 1.0: fundamental algorithms for scientific computing in Python. "
    "Nature Methods 17:261–272. doi:10.1038/s41592-019-0686-2",
    "scikit-image": "scikit-image: van der Walt S. et al. (2014). scikit-image: image processing in Python. "
    "PeerJ 2:e453. doi:10.7717/peerj.453",
    "matplotlib": "Matplotlib: Hunter J. D. (2007). Matplotlib: A 2D graphics environment. "
    "Computing in Science & Engineering 9(3):90–95. doi:10.1109/MCSE.2007.55",
    "pandas": "pandas: McKinney W. (2010). Data structures for statistical computing in Python. "
    "Proc. 9th Python in Science Conf., 56–61. doi:10.25080/Majora-92bf1922-00a",
    "cellpose": "Cellpose: Stringer C. et al. (2021). Cellpose: a generalist algorithm for cellular segmentation. "
    "Nature Methods 18:100–106. doi:10.1038/s41592-020-01018-x",
}


def works(names: Iterable[str]) -> tuple[str, ...]:
    """The papers of those of `names` that are known here, in the order of the list above."""
    wanted = {name.lower() for name in names}
    return tuple(work for name, work in WORKS.items() if name in wanted)
