"""The machine that this process runs on, read from the kernel's files on the host side.

Every function takes `root`, the folder that stands for ``/``; tests give one with recorded files.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import Any

from provcap import codec, digest

#: flags of /proc/cpuinfo that each level adds (x86-64 psABI 1.0, section 3.1.1, "Micro-Architecture Levels");
#: the kernel writes SSE3 as pni, LZCNT as abm, and OSXSAVE as xsave
_LEVELS = (
    ("x86-64-v1", "lm cmov cx8 fpu fxsr mmx syscall sse sse2"),
    ("x86-64-v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"),
    ("x86-64-v3", "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"),
    ("x86-64-v4", "avx512f avx512bw avx512cd avx512dq avx512vl"),
)

#: names of (CPU implementer, CPU part), as in Linux arch/arm64/include/asm/cputype.h
_ARM_CORES = {
    ("0x41", "0xd03"): "Cortex-A53",
    ("0x41", "0xd08"): "Cortex-A72",
    ("0x41", "0xd0b"): "Cortex-A76",
    ("0x41", "0xd0c"): "Neoverse-N1",
    ("0x41", "0xd40"): "Neoverse-V1",
    ("0x41", "0xd49"): "Neoverse-N2",
    ("0x41", "0xd4f"): "Neoverse-V2",
    ("0x43", "0x0af"): "ThunderX2",
    ("0x46", "0x001"): "A64FX",
    ("0x48", "0xd01"): "Kunpeng 920",
    ("0xc0", "0xac3"): "Ampere-1",
    ("0xc0", "0xac4"): "Ampere-1a",
}

#: highest CUDA version of each driver branch (CUDA Toolkit release notes, table "CUDA Toolkit and Corresponding Driver
#: Versions"); the kernel's files do not tell it. A branch that is not here has none.
_CUDA = {
    "384": "9.0", "390": "9.1", "396": "9.2", "410": "10.0", "418": "10.1", "440": "10.2", "450": "11.0",
    "455": "11.1", "460": "11.2", "465": "11.3", "470": "11.4", "495": "11.5", "510": "11.6", "515": "11.7",
    "520": "11.8", "525": "12.0", "530": "12.1", "535": "12.2", "545": "12.3", "550": "12.4", "555": "12.5",
    "560": "12.6", "565": "12.7", "570": "12.8", "575": "12.9", "580": "13.0",
}  # fmt: skip


@functools.cache
def describe(root: str = "") -> dict[str, Any]:
    """The Hardware of this node as plain values; what the kernel does not tell is left out."""
    found: dict[str, Any] = {**_names(root), **_processors(_read(root, "proc/cpuinfo"))}
    if "cpus_physical" not in found:
        found.update(_topology(root))
    memory = re.search(r"^MemTotal:\s+(\d+) kB", _read(root, "proc/meminfo"), re.M)
    if memory:
        found["memory_bytes"] = int(memory[1]) * 1024
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', _read(root, "etc/os-release"), re.M)
    if system:
        found["os_name"] = system[1]
    hypervisor = _hypervisor(root, found.get("flags", []))
    if hypervisor:
        found["hypervisor"] = hypervisor
    cards = _nvidia(root) + _amd(root)
    if cards:
        found["gpus"] = cards
    return {"id": digest.of_bytes(codec.dumps(found).encode())[7:19], **found}


def _names(root: str) -> dict[str, str]:
    if not root:
        names = os.uname()
        return {"hostname": names.nodename, "architecture": names.machine, "kernel": names.release}
    files = {"hostname": "hostname", "architecture": "arch", "kernel": "osrelease"}  # arch: since Linux 6.1
    found = {key: _read(root, "proc/sys/kernel", name).strip() for key, name in files.items()}
    return {key: value for key, value in found.items() if value}


def _processors(cpuinfo: str) -> dict[str, Any]:
    """CPU model, counts and instruction sets from /proc/cpuinfo (x86, Arm and POWER spell them differently)."""
    first = cpuinfo.partition("\n\n")[0]
    model = re.search(r"^(?:model name|Model|cpu model|cpu|Hardware)\s*:\s*(.+)$", first, re.M)
    listed = re.search(r"^(?:flags|Features|features)\s*:\s*(.+)$", first, re.M)
    cores = set(re.findall(r"^physical id\s*:\s*(\d+)\n(?:.+\n)*?core id\s*:\s*(\d+)$", cpuinfo, re.M))
    flags = sorted(set(listed[1].split())) if listed else []
    found: dict[str, Any] = {
        "cpus_logical": len(re.findall(r"^processor\s*:", cpuinfo, re.M)),
        "cpus_physical": len(cores),
        "sockets": len({socket for socket, _ in cores}),
        "cpu_model": model[1].strip() if model else _arm_model(first),
        "flags": flags,
        "microarchitecture": _level(set(flags)),
    }
    return {key: value for key, value in found.items() if value}


def _level(flags: set[str]) -> str | None:
    """The highest psABI level whose flags, and those of all levels below, are there."""
    reached = None
    for name, wanted in _LEVELS:
        if not flags.issuperset(wanted.split()):
            break
        reached = name
    return reached


def _arm_model(cpuinfo: str) -> str | None:
    """An Arm core by name, else by the numbers that stand for it."""
    numbers = dict(re.findall(r"^CPU (implementer|part)\s*:\s*(\S+)$", cpuinfo, re.M))
    if len(numbers) < 2:
        return None
    unknown = f"implementer {numbers['implementer']} part {numbers['part']}"
    return _ARM_CORES.get((numbers["implementer"], numbers["part"]), unknown)


def _topology(root: str) -> dict[str, int]:
    """Cores and sockets where /proc/cpuinfo has none (Arm)."""
    folders = list(Path(root or "/", "sys/devices/system/cpu").glob("cpu[0-9]*/topology"))
    cores = {_read(f, "core_cpus_list") or _read(f, "thread_siblings_list") for f in folders} - {""}
    sockets = {_read(f, "physical_package_id").strip() for f in folders} - {"", "-1"}
    found = {"cpus_physical": len(cores), "sockets": len(sockets)}
    return {key: value for key, value in found.items() if value}


def _hypervisor(root: str, flags: list[str]) -> str | None:
    """What the firmware calls the virtual machine that this is; None on bare metal."""
    kind = _read(root, "sys/hypervisor/type").strip()
    vendor = _read(root, "sys/class/dmi/id/sys_vendor").strip()
    product = _read(root, "sys/class/dmi/id/product_name").strip()
    if "hypervisor" in flags:
        return kind or " ".join(t for t in (vendor, product) if t) or "unnamed"
    if kind:
        return kind
    # Arm has no such flag; these vendors make no hardware, and Amazon names what is
    virtual = vendor in ("QEMU", "Xen", "OpenStack Foundation", "innotek GmbH") or vendor.startswith("VMware")
    virtual = virtual or product in ("KVM", "Virtual Machine", "Google Compute Engine")
    virtual = virtual or (vendor == "Amazon EC2" and ".metal" not in product)
    return f"{vendor} {product}".strip() if virtual and not flags.count("sse2") else None


def _nvidia(root: str) -> list[dict[str, Any]]:
    """NVIDIA's cards, as its kernel module lists them in /proc/driver/nvidia (driver README, "Proc Interface")."""
    version = re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d+[\d.]+)", _read(root, "proc/driver/nvidia/version"))
    found = []
    for path in sorted(Path(root or "/", "proc/driver/nvidia/gpus").glob("*/information")):
        model = re.search(r"^Model:\s*(.+?)\s*$", _read(path), re.M)
        if model:
            driver = version[1] if version else None
            card = {"model": model[1], "driver": driver, "cuda": _CUDA.get((driver or "").partition(".")[0])}
            found.append({key: value for key, value in card.items() if value})
    return found


def _amd(root: str) -> list[dict[str, Any]]:
    """AMD's cards, as the amdgpu driver lists them in sysfs (Linux Documentation/gpu/amdgpu/driver-misc.rst)."""
    driver = _read(root, "sys/module/amdgpu/version").strip()  # only where it is AMD's own, not the kernel's
    found = []
    for device in sorted(Path(root or "/", "sys/class/drm").glob("card[0-9]*/device")):
        if _read(device, "vendor").strip() != "0x1002" or "-" in device.parent.name:  # card0-DP-1 is a connector
            continue
        memory = _read(device, "mem_info_vram_total").strip()
        name = _read(device, "product_name").strip() or f"AMD device {_read(device, 'device').strip()}"
        card = {"model": name, "driver": driver, "memory_bytes": int(memory) if memory.isdigit() else None}
        found.append({key: value for key, value in card.items() if value})
    return found


def _read(first: str | Path, *parts: str) -> str:
    try:
        return Path(first or "/", *parts).read_text("utf-8", "replace")
    except OSError:
        return ""
