"""Create a virtual environment with pip on any machine: python3 tools/make_venv.py .venv

`python3 -m venv` is not enough on Debian, whose Python has no ensurepip (the package python3-venv brings it)
and often no pip. So the environment is made without pip, which always works, and pip then comes from the
first of these that has it:

1. ensurepip, part of Python itself everywhere but on Debian and its children;
2. the wheel that Debian's packages put in /usr/share/python-wheels;
3. another pip on this machine, which can install into the new environment;
4. Debian's package python3-pip-whl, downloaded and unpacked in a temporary folder, without root.

An environment that works is left as it is; one that this script could not finish is removed; a folder that
holds something else is not touched.
Standard library only, and readable by old Pythons, so that they can say that they are too old.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

NEEDED = (3, 11)
WHEELS = "usr/share/python-wheels/pip-*.whl"


def run(*command, **options):
    """Run a command quietly; True if it succeeded, False if it failed or does not exist."""
    try:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
        return subprocess.run(command, **quiet, **options).returncode == 0
    except OSError:
        return False


def has_pip(python):
    """Whether that interpreter is new enough and can run pip."""
    return run(python, "-c", f"import sys, pip; sys.exit(sys.version_info < {NEEDED})")


def from_ensurepip(python):
    """Pip as it comes with Python."""
    return run(python, "-Im", "ensurepip", "--default-pip")


def from_wheel(python, root="/"):
    """Pip from a wheel of Debian's below `root`: the wheel runs from its file and installs itself."""
    wheels = sorted(glob.glob(os.path.join(root, WHEELS)))
    install = ("-m", "pip", "install", "--no-index", "--no-deps")
    return any(run(python, *install, wheel, env={**os.environ, "PYTHONPATH": wheel}) for wheel in wheels)


def from_other_pip(python):
    """Pip from the index, through the pip of another interpreter; since 22.3 it knows --python."""
    pips = ((sys.executable, "-m", "pip"), ("pip3",), ("pip",))
    return any(run(*pip, "--python", python, "install", "pip") for pip in pips)


def from_debian_package(python):
    """Pip from Debian's archive; package lists are fetched into the same temporary folder if need be."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return False
    print("This Python has no ensurepip: fetching pip from Debian's package python3-pip-whl", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(folder, name))
        own = ["-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache"]
        # As root, apt would download as a user who cannot write to this folder.
        apt = ["apt-get", "-o", "APT::Sandbox::User=root"]
        fetched = run(*apt, "download", "python3-pip-whl", cwd=folder) or (
            run(*apt, *own, "update") and run(*apt, *own, "download", "python3-pip-whl", cwd=folder)
        )
        packages = glob.glob(os.path.join(folder, "*.deb"))
        return fetched and run("dpkg", "-x", packages[0], folder) and from_wheel(python, folder)


def main(folder):
    """Make the environment, or exit with one line that says what to install."""
    if sys.version_info < NEEDED:
        sys.exit("error: Python %d.%d or later is needed; this is %s" % (*NEEDED, sys.version.split()[0]))
    python = os.path.join(os.path.abspath(folder), "bin", "python")
    if has_pip(python):
        return
    if os.path.exists(folder):
        if not os.path.exists(os.path.join(folder, "pyvenv.cfg")):
            sys.exit(f"error: {folder} exists and is not a virtual environment; move it away and try again")
        print(f"{folder} has no working pip: making it anew")
    try:
        import venv

        venv.create(folder, clear=True, symlinks=True)
        for source in (from_ensurepip, from_wheel, from_other_pip, from_debian_package):
            if source(python) and has_pip(python):
                return
        problem = "found no pip for it; install the package python3-venv (Debian) or pip, and try again"
    except (ImportError, OSError) as error:
        problem = f"{error}; install the package python3-venv (Debian) or a complete Python, and try again"
    except KeyboardInterrupt:
        problem = "interrupted"
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(f"error: cannot make {folder}: {problem}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".venv")
